// application_name as a label: clients put process ids, host names with numbers and job ids into
// it, each of which would be a series of its own.
#pragma once

#include <string>
#include <string_view>

namespace pgconcord::metrics {

// Numbers of three and more digits and hexadecimal ids of eight and more become `#`; then as
// label_value(). Empty becomes `unknown`.
std::string application_label(std::string_view name);

}  // namespace pgconcord::metrics
