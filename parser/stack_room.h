// Private: how much stack the calling thread has left.
#pragma once

#include <cstddef>

namespace pgconcord::parser {

std::size_t stack_bytes_left();

}  // namespace pgconcord::parser
