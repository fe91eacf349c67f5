#include "proxy/wire/scram_messages.h"

#include <algorithm>
#include <charconv>

#include "proxy/wire/base64.h"

namespace pgconcord::wire {
namespace {

constexpr std::size_t kDigestSize = 32;

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7E; });
}

// One character for a message, whatever the peer sent.
std::string shown(std::string_view rest) {
  if (rest.empty()) return "end of message";
  const char c = rest.front();
  return is_printable({&c, 1}) ? std::string(1, c) : "?";
}

ScramError unsupported_extension() {
  return {"0A000", "client requires an unsupported SCRAM extension", {}};
}

// `a=value,b=value`: attributes one after the other.
class Attributes {
 public:
  explicit Attributes(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  ScramResult<std::string_view> value(char name) {
    if (rest_.empty() || rest_[0] != name) {
      return tl::unexpected(malformed(std::string("Expected attribute \"") + name +
                                      "\" but found \"" + shown(rest_) + "\"."));
    }
    char read = 0;
    return any(read);
  }

  ScramResult<std::string_view> any(char& name) {
    const bool is_letter = !rest_.empty() && ((rest_[0] >= 'a' && rest_[0] <= 'z') ||
                                              (rest_[0] >= 'A' && rest_[0] <= 'Z'));
    if (!is_letter) {
      return tl::unexpected(
          malformed("Attribute expected, but found invalid character \"" + shown(rest_) + "\"."));
    }
    name = rest_[0];
    if (rest_.size() < 2 || rest_[1] != '=') {
      return tl::unexpected(
          malformed(std::string(R"(Expected character "=" for attribute ")") + name + "\"."));
    }
    const std::size_t comma = std::min(rest_.find(','), rest_.size());
    const std::string_view value = rest_.substr(2, comma - 2);
    rest_.remove_prefix(std::min(comma + 1, rest_.size()));
    return value;
  }

  ScramResult<void> skip_rest() {
    char name = 0;
    while (!at_end()) {
      if (const auto value = any(name); !value) return tl::unexpected(value.error());
    }
    return {};
  }

 private:
  std::string_view rest_;
};

ScramResult<void> check_text(std::string_view text) {
  if (text.empty()) return tl::unexpected(malformed("The message is empty."));
  if (text.find('\0') != std::string_view::npos) {
    return tl::unexpected(malformed("Message length does not match input length."));
  }
  return {};
}

// The GS2 header; `text` is left with the bare message.
ScramResult<ClientFirst> read_header(std::string_view& text) {
  ClientFirst first;
  const std::string_view whole = text;
  const char flag = text[0];
  if (flag == 'p') {
    Attributes attributes(text);
    const auto type = attributes.value('p');
    if (!type) return tl::unexpected(type.error());
    first.binding_type = *type;
    text = attributes.rest();
  } else if (flag == 'n' || flag == 'y') {
    text.remove_prefix(1);
    if (text.empty() || text[0] != ',') {
      return tl::unexpected(
          malformed("Comma expected, but found character \"" + shown(text) + "\"."));
    }
    text.remove_prefix(1);
  } else {
    return tl::unexpected(malformed("Unexpected channel-binding flag \"" + shown(text) + "\"."));
  }
  first.flag = static_cast<BindingFlag>(flag);
  if (!text.empty() && text[0] == 'a') {
    return tl::unexpected(
        ScramError{"0A000", "client uses authorization identity, but it is not supported", {}});
  }
  if (text.empty() || text[0] != ',') {
    return tl::unexpected(
        malformed("Unexpected attribute \"" + shown(text) + "\" in client-first-message."));
  }
  text.remove_prefix(1);
  first.header = whole.substr(0, whole.size() - text.size());
  return first;
}

}  // namespace

ScramError malformed(std::string detail) {
  return {"08P01", "malformed SCRAM message", std::move(detail)};
}

ScramResult<ClientFirst> client_first(std::string_view text) {
  if (auto sound = check_text(text); !sound) return tl::unexpected(std::move(sound.error()));
  auto first = read_header(text);
  if (!first) return first;
  first->bare = text;
  if (text.starts_with('m')) return tl::unexpected(unsupported_extension());
  Attributes attributes(text);
  // PostgreSQL takes the name of the start-up packet; this one is read and ignored.
  if (const auto user = attributes.value('n'); !user) return tl::unexpected(user.error());
  const auto nonce = attributes.value('r');
  if (!nonce) return tl::unexpected(nonce.error());
  if (!is_printable(*nonce)) {
    return tl::unexpected(ScramError{"08P01", "non-printable characters in SCRAM nonce", {}});
  }
  first->nonce = *nonce;
  if (auto rest = attributes.skip_rest(); !rest) return tl::unexpected(std::move(rest.error()));
  return first;
}

ScramResult<ServerFirst> server_first(std::string_view text) {
  if (auto sound = check_text(text); !sound) return tl::unexpected(std::move(sound.error()));
  if (text.starts_with('m')) return tl::unexpected(malformed("Extensions are not supported."));
  Attributes attributes(text);
  ServerFirst first;
  const auto nonce = attributes.value('r');
  if (!nonce) return tl::unexpected(nonce.error());
  if (!is_printable(*nonce)) return tl::unexpected(malformed("The nonce is not printable."));
  first.nonce = *nonce;
  const auto salt = attributes.value('s');
  if (!salt) return tl::unexpected(salt.error());
  auto decoded = from_base64(*salt);
  if (!decoded || decoded->empty()) return tl::unexpected(malformed("The salt is not base64."));
  first.salt = std::move(*decoded);
  const auto count = attributes.value('i');
  if (!count) return tl::unexpected(count.error());
  const auto [end, error] =
      std::from_chars(count->data(), count->data() + count->size(), first.iterations);
  const bool is_number = error == std::errc{} && end == count->data() + count->size();
  if (!is_number || first.iterations == 0) {
    return tl::unexpected(malformed("The iteration count is not a number above 0."));
  }
  if (auto rest = attributes.skip_rest(); !rest) return tl::unexpected(std::move(rest.error()));
  return first;
}

ScramResult<ClientFinal> client_final(std::string_view text) {
  if (auto sound = check_text(text); !sound) return tl::unexpected(std::move(sound.error()));
  Attributes attributes(text);
  ClientFinal final;
  const auto binding = attributes.value('c');
  if (!binding) return tl::unexpected(binding.error());
  final.binding = *binding;
  const auto nonce = attributes.value('r');
  if (!nonce) return tl::unexpected(nonce.error());
  final.nonce = *nonce;
  char name = 0;
  std::string_view value;
  while (name != 'p') {
    const std::size_t before = text.size() - attributes.rest().size();
    const auto attribute = attributes.any(name);
    if (!attribute) return tl::unexpected(attribute.error());
    if (name == 'm') return tl::unexpected(unsupported_extension());
    value = *attribute;
    final.without_proof = text.substr(0, before - 1);
  }
  auto proof = from_base64(value);
  if (!proof || proof->size() != kDigestSize) {
    return tl::unexpected(malformed("Malformed proof in client-final-message."));
  }
  final.proof = std::move(*proof);
  if (!attributes.at_end() || text.ends_with(',')) {
    return tl::unexpected(malformed("Garbage found at the end of client-final-message."));
  }
  return final;
}

ScramResult<std::string> server_final(std::string_view text) {
  if (auto sound = check_text(text); !sound) return tl::unexpected(std::move(sound.error()));
  Attributes attributes(text);
  const auto value = attributes.value('v');
  if (!value) return tl::unexpected(value.error());
  auto signature = from_base64(*value);
  if (!signature || signature->size() != kDigestSize) {
    return tl::unexpected(malformed("Malformed signature in server-final-message."));
  }
  if (auto rest = attributes.skip_rest(); !rest) return tl::unexpected(std::move(rest.error()));
  return std::move(*signature);
}

}  // namespace pgconcord::wire
