#include "proxy/wire/startup.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "proxy/limits.h"
#include "proxy/wire/bytes.h"

namespace pgconcord::wire {
namespace {

StartupKind kind_of(std::uint32_t code) {
  switch (code) {
    case kSslRequestCode:
      return StartupKind::SslRequest;
    case kGssEncRequestCode:
      return StartupKind::GssEncRequest;
    case kCancelRequestCode:
      return StartupKind::CancelRequest;
    default:
      return StartupKind::Startup;
  }
}

// The server reads a list cut short as far as it goes and complains itself; so the rest is ignored
// here.
void read_parameters(std::string_view body, StartupPacket& packet) {
  ByteReader reader(body);
  while (reader.ok() && !reader.at_end()) {
    const std::string_view name = reader.string();
    if (!reader.ok() || name.empty()) return;
    const std::string_view value = reader.string();
    if (reader.ok()) packet.parameters.emplace_back(name, value);
  }
}

}  // namespace

std::string_view StartupPacket::parameter(std::string_view name) const {
  const auto last = std::find_if(parameters.rbegin(), parameters.rend(),
                                 [name](const auto& parameter) { return parameter.first == name; });
  return last == parameters.rend() ? std::string_view() : std::string_view(last->second);
}

StartupStatus read_startup_packet(std::string_view bytes, StartupPacket& packet,
                                  std::size_t& size) {
  // No legal length starts with 0x16, the first byte of a TLS record.
  if (!bytes.empty() && bytes[0] == 0x16) return StartupStatus::Invalid;
  if (bytes.size() < 4) return StartupStatus::NeedMore;
  const std::uint32_t length = load_u32(bytes.data());
  if (length < 8 || length - 4 > kStartupBodyMax) return StartupStatus::Invalid;
  if (bytes.size() < length) return StartupStatus::NeedMore;
  size = length;
  packet = {};
  packet.version = load_u32(bytes.data() + 4);
  packet.kind = kind_of(packet.version);
  if (packet.kind == StartupKind::Startup) read_parameters(bytes.substr(8, length - 8), packet);
  return StartupStatus::Complete;
}

std::string with_version(std::string_view packet, std::uint32_t version) {
  ByteWriter writer;
  writer.raw(packet.substr(0, 4));
  writer.u32(version);
  writer.raw(packet.substr(8));
  return writer.take();
}

bool asks_for_replication(std::string_view value) {
  std::string lower(value);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.empty()) return false;
  if (lower == "database" || lower == "1" || lower == "on") return true;
  constexpr std::array<std::string_view, 2> kTrue = {"true", "yes"};
  return std::any_of(kTrue.begin(), kTrue.end(),
                     [&](std::string_view word) { return word.substr(0, lower.size()) == lower; });
}

std::string_view significant(std::string_view name) { return name.substr(0, kNameMax); }

}  // namespace pgconcord::wire
