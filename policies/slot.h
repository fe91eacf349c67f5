// Private to policies: where a setting lives in Config, Listener or Policy, named by pointers to
// members: slot<&Config::limits, &Limits::plan_cache>(). One slot writes and reads, so that both
// always mean the same field.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "policies/config.h"

namespace pgconcord::policies {

// The value of any setting; which member counts is a matter of the key's type.
struct Value {
  std::uint64_t number = 0;  // counts, sizes, durations, flags; index of the word of an enumeration
  std::string text;
  std::vector<std::string> list;
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<Address> addresses;
};

using Target = std::variant<Config*, Listener*, Policy*>;

struct Slot {
  void (*store)(const Target&, const Value&) = nullptr;  // nullptr: read by the loader itself
  Value (*load)(const Target&) = nullptr;
};

template <class Field>
void store_field(Field& field, const Value& value) {
  if constexpr (std::is_enum_v<Field> || std::is_integral_v<Field>) {
    field = static_cast<Field>(value.number);
  } else if constexpr (std::is_same_v<Field, Milliseconds>) {
    field = Milliseconds(value.number);
  } else if constexpr (std::is_same_v<Field, std::string>) {
    field = value.text;
  } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
    field = value.list;
  } else if constexpr (std::is_same_v<Field, Address>) {
    field = value.addresses.at(0);
  } else if constexpr (std::is_same_v<Field, std::vector<Address>>) {
    field = value.addresses;
  } else {
    field = value.pairs;
  }
}

template <class Field>
Value load_field(const Field& field) {
  Value value;
  if constexpr (std::is_enum_v<Field> || std::is_integral_v<Field>) {
    value.number = static_cast<std::uint64_t>(field);
  } else if constexpr (std::is_same_v<Field, Milliseconds>) {
    value.number = static_cast<std::uint64_t>(field.count());
  } else if constexpr (std::is_same_v<Field, std::string>) {
    value.text = field;
  } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
    value.list = field;
  } else if constexpr (std::is_same_v<Field, Address>) {
    value.addresses = {field};
  } else if constexpr (std::is_same_v<Field, std::vector<Address>>) {
    value.addresses = field;
  } else {
    value.pairs = field;
  }
  return value;
}

template <class Owner, class Field>
Owner owner_of(Field Owner::*);

template <auto First, auto... Rest>
constexpr Slot slot() {
  using Owner = decltype(owner_of(First));
  return {[](const Target& target, const Value& value) {
            store_field(((std::get<Owner*>(target)->*First).*....*Rest), value);
          },
          [](const Target& target) {
            return load_field(((std::get<Owner*>(target)->*First).*....*Rest));
          }};
}

}  // namespace pgconcord::policies
