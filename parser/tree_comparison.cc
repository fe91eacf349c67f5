#include "parser/tree_comparison.h"

#include <functional>

namespace pgconcord::parser {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

bool is_position(std::string_view field) {
  return field == "location" || field == "stmt_location" || field == "stmt_len";
}

bool same_items(simdjson::dom::array left, simdjson::dom::array right) {
  auto l = left.begin();
  auto r = right.begin();
  for (; l != left.end() && r != right.end(); ++l, ++r) {
    if (!same_tree(*l, *r)) return false;
  }
  return !(l != left.end()) && !(r != right.end());
}

// Both values as `Value`, then compared; false when either is something else.
template <class Value, class Same>
bool same_as(element left, element right, const Same& same) {
  Value l;
  Value r;
  return !left.get(l) && !right.get(r) && same(l, r);
}

// Fields come in the order of the node's definition, so both objects can be walked in step. With
// `skipped` a field of that name may stand in `right` alone.
template <class Same>
bool equal_fields(object left, object right, std::string_view skipped, const Same& same) {
  const auto skip = [skipped](auto& at, const auto& end) {
    while (at != end && (is_position(at.key()) || (!skipped.empty() && at.key() == skipped))) ++at;
  };
  auto l = left.begin();
  auto r = right.begin();
  for (;; ++l, ++r) {
    skip(l, left.end());
    skip(r, right.end());
    if (l == left.end() || r == right.end()) return !(l != left.end()) && !(r != right.end());
    if (l.key() != r.key() || !same(l.value(), r.value())) return false;
  }
}

}  // namespace

bool same_fields(object left, object right, std::string_view skipped) {
  return equal_fields(left, right, skipped, same_tree);
}

bool same_fields(object left, object right, const std::function<bool(element, element)>& same) {
  return equal_fields(left, right, {}, same);
}

bool same_tree(element left, element right) {
  switch (left.type()) {
    case element_type::OBJECT:
      return same_as<object>(left, right, [](object l, object r) { return same_fields(l, r); });
    case element_type::ARRAY:
      return same_as<simdjson::dom::array>(left, right, same_items);
    case element_type::STRING:
      return same_as<std::string_view>(left, right, std::equal_to<>());
    case element_type::INT64:
      return same_as<std::int64_t>(left, right, std::equal_to<>());
    case element_type::UINT64:
      return same_as<std::uint64_t>(left, right, std::equal_to<>());
    case element_type::BOOL:
      return same_as<bool>(left, right, std::equal_to<>());
    case element_type::NULL_VALUE:
      return right.is_null();
    case element_type::DOUBLE:  // the tree writes none; two spellings of one value would be no
                                // proof
      return false;
  }
  return false;
}

bool same_member(object left, object right, std::string_view name) {
  element l;
  element r;
  const bool in_left = !left[name].get(l);
  const bool in_right = !right[name].get(r);
  return in_left == in_right && (!in_left || same_tree(l, r));
}

}  // namespace pgconcord::parser
