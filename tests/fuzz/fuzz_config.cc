// Any bytes as a configuration file: either a Config or errors that can be shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policies/load.h"
#include "policies/unsupported.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pgconcord::policies;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = load_text(text, "fuzz.yaml");
  if (config) {
    if (config->listeners.empty() || config->upstream.addresses.empty()) std::abort();
    render(not_in_this_build(*config));
    return 0;
  }
  // Never an error list without an error, and no control characters on the way to a terminal.
  if (config.error().empty()) std::abort();
  for (const char each : render(config.error())) {
    const auto value = static_cast<unsigned char>(each);
    if ((value < 0x20 && each != '\n' && each != '\t') || value == 0x7F) std::abort();
  }
  return 0;
}
