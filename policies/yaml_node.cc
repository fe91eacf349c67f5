#include "policies/yaml_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace pgconcord::policies {
namespace {

// The deepest setting stands at depth 5.
constexpr std::size_t kDepthMax = 16;

Position place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return position_of(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column));
}

// Builds the tree from yaml-cpp's events, which keep what its own nodes lose: duplicates, aliases,
// quotes.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Findings& findings) : findings_(findings) {}

  YamlNode take_root() { return std::move(root_); }
  bool has_further_document() const { return documents_ > 1; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) {
      report(place_of(mark), {"a second YAML document starts here",
                              "one file holds one document: remove the `---` or use `include`"});
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place(checked(node(YamlKind::Null, mark), "", anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (ignoring()) return;
    report(place_of(mark), {"YAML aliases (`*name`) are not supported", "repeat the value"});
    place(node(YamlKind::Refused, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode scalar = node(YamlKind::Scalar, mark);
    scalar.text = value;
    scalar.quoted = tag == "!";
    place(checked(std::move(scalar), tag, anchor));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(checked(node(YamlKind::Sequence, mark), tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(checked(node(YamlKind::Mapping, mark), tag, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;                 // Mapping: read, its value is still to come
    std::map<std::string, std::uint32_t> lines;  // Mapping: where each key stands
  };

  bool ignoring() const { return documents_ > 1 || too_deep_ > 0; }

  static YamlNode node(YamlKind kind, const YAML::Mark& mark) {
    YamlNode result;
    result.kind = kind;
    result.at = place_of(mark);
    return result;
  }

  void report(Position at, Problem problem) { findings_.add(at, "", std::move(problem)); }

  YamlNode checked(YamlNode node, const std::string& tag, YAML::anchor_t anchor) {
    if (ignoring()) return node;
    if (anchor != YAML::NullAnchor) {
      report(node.at, {"YAML anchors (`&name`) are not supported", "write the value without it"});
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      report(node.at, {"YAML tags (`!name`) are not supported", "write the value without it"});
    }
    return node;
  }

  void open(YamlNode node) {
    if (ignoring() || open_.size() >= kDepthMax) {
      if (!ignoring()) refuse_depth(node);
      ++too_deep_;
      return;
    }
    open_.push_back({std::move(node), std::nullopt, {}});
  }

  void refuse_depth(const YamlNode& node) {
    report(node.at, {"nested more than " + std::to_string(kDepthMax) + " levels deep",
                     "no setting is that deep"});
    YamlNode refused = node;
    refused.kind = YamlKind::Refused;
    place(std::move(refused));
  }

  void close() {
    if (too_deep_ > 0) {
      --too_deep_;
      return;
    }
    YamlNode finished = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(finished));
  }

  void place(YamlNode node) {
    if (ignoring()) return;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlKind::Sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      const YamlNode key = *std::exchange(parent.key, std::nullopt);
      place_value(parent, key, std::move(node));
    }
  }

  void place_value(Open& mapping, const YamlNode& key, YamlNode value) {
    if (key.kind == YamlKind::Refused) return;
    if (key.kind != YamlKind::Scalar || key.text.empty()) {
      return report(key.at, {"a key must be plain text", "write `key: value`"});
    }
    const auto [first, added] = mapping.lines.emplace(key.text, key.at.line);
    if (!added) {
      return report(key.at, {"duplicate key " + quoted_in_message(key.text),
                             "it is already on line " + std::to_string(first->second)});
    }
    value.key = key.text;
    value.key_at = key.at;
    mapping.node.items.push_back(std::move(value));
  }

  Findings& findings_;
  YamlNode root_;
  std::vector<Open> open_;
  std::size_t too_deep_ = 0;
  std::size_t documents_ = 0;
};

bool indented_with_tab(std::string_view line) {
  return line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

void add_syntax_error(const SourceText& source, const YAML::Exception& caught, Findings& findings) {
  const Position at = place_of(caught.mark);
  Problem problem{"not valid YAML: " + printable(caught.msg), ""};
  if (indented_with_tab(source.line_of(at))) problem.help = "indent with spaces, not with tabs";
  findings.add(at, "", std::move(problem));
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  if (kind != YamlKind::Mapping) return nullptr;
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const YamlNode& each) { return each.key == name; });
  return found == items.end() ? nullptr : &*found;
}

YamlNode read_yaml(const SourceText& source, Findings& findings) {
  std::istringstream in(source.text());
  TreeBuilder builder(findings);
  try {
    YAML::Parser parser(in);
    while (!builder.has_further_document() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& caught) {
    add_syntax_error(source, caught, findings);
    YamlNode refused;
    refused.kind = YamlKind::Refused;
    return refused;
  }
  return builder.take_root();
}

}  // namespace pgconcord::policies
