#include "tests/wire/corpus.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace pgconcord::wire_test {
namespace {

constexpr std::size_t kSeedMax = 16 * 1024;

char event_code(StepKind kind) {
  switch (kind) {
    case StepKind::ClientBytes:
      return 0;
    case StepKind::ServerBytes:
      return 1;
    case StepKind::ClientEof:
      return 2;
    case StepKind::ServerEof:
      return 3;
    case StepKind::Connected:
    case StepKind::ConnectedWithTls:
      return 4;
    case StepKind::Tick:
    case StepKind::Reload:
    case StepKind::Refuse:
    case StepKind::Answer:
    case StepKind::ClientSecured:
    case StepKind::ClientSecuredWithCertificate:
      return 5;
    case StepKind::Drain:
      return 6;
    case StepKind::Unavailable:
      return 7;
  }
  return 5;
}

std::string joined(const Step& step) {
  std::string bytes;
  for (const std::string& message : step.messages) bytes += message;
  return bytes;
}

std::string conversation(const Script& script) {
  std::string seed;
  for (const Step& step : script.steps) {
    seed += event_code(step.kind);
    if (step.kind != StepKind::ClientBytes && step.kind != StepKind::ServerBytes) continue;
    const std::string bytes = joined(step);
    if (bytes.size() > kSeedMax) return {};
    seed += static_cast<char>(bytes.size() >> 8);
    seed += static_cast<char>(bytes.size() & 0xFF);
    seed += bytes;
  }
  const bool ends_scram = script.configuration.find("mode: scram") != std::string::npos;
  if (ends_scram && !seed.empty()) seed[0] = static_cast<char>(seed[0] | 8);
  const bool has_console = script.configuration.find("console: {users: [app]}") == 0;
  if (has_console && !seed.empty()) seed[0] = static_cast<char>(seed[0] | 64);
  // The catalog is known where the length is even; this event does nothing to it.
  if ((seed.size() % 2 == 0) != script.known_catalog) seed += event_code(StepKind::Tick);
  return seed.size() > kSeedMax ? std::string() : seed;
}

std::string slug(const std::string& name) {
  std::string text = name.substr(0, 60);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return text;
}

}  // namespace

std::map<std::string, std::string> seeds(const std::vector<Script>& scripts) {
  std::map<std::string, std::string> files;
  for (const Script& script : scripts) {
    const std::string stem = std::filesystem::path(script.file).stem().string();
    const std::string seed = conversation(script);
    if (seed.empty()) continue;
    files["session/" + stem + "_" + slug(script.name)] = seed;
    for (const StepKind side : {StepKind::ClientBytes, StepKind::ServerBytes}) {
      const bool client = side == StepKind::ClientBytes;
      std::string& stream = files["frame/" + stem + (client ? "_client" : "_server")];
      if (stream.empty()) stream = client ? "\6" : "\7";
      bool first = client;  // the start-up packet has no type
      for (const Step& step : script.steps) {
        if (step.kind != side) continue;
        if (!first && stream.size() < kSeedMax) stream += joined(step);
        first = false;
      }
    }
  }
  return files;
}

}  // namespace pgconcord::wire_test
