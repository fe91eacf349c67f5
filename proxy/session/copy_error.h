// Errors and notices of a COPY through a staging table, told as if there were none: they name the
// client's table and constraint, keep their line numbers, and where rows are merged say so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgconcord::session {

// What the client knows instead of our own names.
struct CopyNames {
  std::string_view schema, table, constraint;
};

// A whole ErrorResponse or NoticeResponse with our names replaced, its position as given (0 = left
// out) and `context` as a last line of its CONTEXT.
std::string told_of_copy(std::string_view raw, const CopyNames& names, std::uint32_t position,
                         std::string_view context);

}  // namespace pgconcord::session
