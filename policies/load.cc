// From text to Config: strict YAML, then the schema table, then the rules between settings, then
// the files it includes. Every stage adds to the same list of errors; a Config comes out only when
// the list is empty.
#include "policies/load.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "policies/config_rules.h"
#include "policies/findings.h"
#include "policies/include.h"
#include "policies/section_reader.h"
#include "policies/token.h"
#include "policies/users.h"
#include "policies/value.h"
#include "policies/yaml_node.h"

namespace pgconcord::policies {
namespace {

// About 100,000 users.
constexpr std::size_t kUsersFileMax = 16 * 1024 * 1024;
constexpr std::size_t kTokenFileMax = 4 * 1024;
constexpr const char* kMakeToken = "write one with `openssl rand -hex 32`, or remove the setting";

enum class Includes : std::uint8_t { Ignored, Resolved };

struct IncludedFile {
  std::string path;
  std::string text;
};

std::string indexed(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

// What is not there reads as an empty value.
const YamlNode& value_of(const YamlNode& mapping, std::string_view name) {
  static const YamlNode none;
  const YamlNode* node = mapping.find(name);
  return node == nullptr ? none : *node;
}

class Loader {
 public:
  explicit Loader(std::string file) : config_(default_config()) { config_.file = std::move(file); }

  void load_main(std::string_view text, Includes includes);
  void add_error(ConfigError error) { errors_.push_back(std::move(error)); }
  tl::expected<Config, ConfigErrors> result();

 private:
  void read_listeners(const YamlNode& node, Findings& findings);
  void read_policies(const YamlNode& node, Findings& findings);
  void read_policy(const YamlNode& node, const std::string& path, Findings& findings);
  void check_name(const Policy& policy, const YamlNode& node, const std::string& path,
                  Findings& findings);
  std::vector<IncludedFile> read_includes(const YamlNode& node, Findings& findings);
  void read_matches(const YamlNode& pattern, const std::string& path, Findings& findings,
                    std::vector<IncludedFile>& files) const;
  void load_included(const IncludedFile& file);
  void read_users(const YamlNode& node, Findings& findings);
  void read_token(const YamlNode& node, Findings& findings);
  void append(ConfigErrors errors);

  Config config_;
  ConfigErrors errors_;
  std::map<std::string, std::string> policy_places_;  // name -> file:line
};

void Loader::load_main(std::string_view text, Includes includes) {
  const auto source = SourceText::make(config_.file, text);
  if (!source) return add_error(source.error());
  Findings findings(*source);
  const YamlNode root = read_yaml(*source, findings);
  SectionReader(findings).read(root, {"", ""}, &config_);
  if (root.find("listen") != nullptr) read_listeners(*root.find("listen"), findings);
  if (const YamlNode* upstream = root.find("upstream")) {
    config_.upstream.tls.line = upstream->key_at.line;
  }
  check_settings(config_, root, findings);
  read_policies(value_of(root, "policies"), findings);
  std::vector<IncludedFile> files;
  if (includes == Includes::Resolved) files = read_includes(value_of(root, "include"), findings);
  if (includes == Includes::Resolved) {
    read_users(value_of(root, "auth"), findings);
    read_token(value_of(root, "admin"), findings);
  }
  append(findings.take());
  for (const IncludedFile& each : files) load_included(each);
}

void Loader::read_listeners(const YamlNode& node, Findings& findings) {
  SectionReader reader(findings);
  if (!reader.is_list(node, "listen")) return;
  if (node.items.empty()) {
    findings.add(node.key_at, "listen",
                 {"`listen` names no address",
                  "write one as `- address: 0.0.0.0:6432`, or remove the key for that default"});
  }
  config_.listeners.clear();
  std::map<std::string, std::uint32_t> lines;
  for (std::size_t index = 0; index < node.items.size(); ++index) {
    const YamlNode& item = node.items[index];
    const std::string path = indexed("listen", index) + ".";
    Listener listener;
    store_defaults("listen[].", &listener);
    listener.tls.line = item.at.line;
    reader.read(item, {"listen[].", path}, &listener);
    check_listener(listener, item, path, findings);
    const auto [first, added] = lines.emplace(listener.address.text, item.at.line);
    // Port 0 is another free port each time.
    const bool any_port = listener.address.unix_path.empty() && listener.address.port == 0;
    if (!added && !any_port && !findings.has(path + "address")) {
      findings.add(item.at, path + "address",
                   {quoted_in_message(listener.address.text) + " is listened on twice",
                    "the first is on line " + std::to_string(first->second)});
    }
    config_.listeners.push_back(std::move(listener));
  }
}

void Loader::read_policies(const YamlNode& node, Findings& findings) {
  if (!SectionReader(findings).is_list(node, "policies")) return;
  for (std::size_t index = 0; index < node.items.size(); ++index) {
    read_policy(node.items[index], indexed("policies", index) + ".", findings);
  }
}

void Loader::read_policy(const YamlNode& node, const std::string& path, Findings& findings) {
  Policy policy;
  policy.file = findings.file();
  policy.line = node.at.line;
  store_defaults("policies[].", &policy);
  SectionReader(findings).read(node, {"policies[].", path}, &policy);
  check_policy(policy, node, path, findings);
  check_name(policy, node, path, findings);
  config_.policies.push_back(std::move(policy));
}

void Loader::check_name(const Policy& policy, const YamlNode& node, const std::string& path,
                        Findings& findings) {
  const YamlNode* name = node.find("name");
  if (name == nullptr || findings.has(path + "name")) return;
  const std::string place = policy.file + ":" + std::to_string(name->at.line);
  const auto [first, added] = policy_places_.emplace(policy.name, place);
  if (added) return;
  findings.add(name->at, path + "name",
               {"the name " + quoted_in_message(policy.name) + " is already used",
                "the first is at " + printable(first->second) + "; names are unique"});
}

std::vector<IncludedFile> Loader::read_includes(const YamlNode& node, Findings& findings) {
  std::vector<IncludedFile> files;
  if (findings.has("include") || node.kind != YamlKind::Sequence) return files;
  for (std::size_t index = 0; index < node.items.size(); ++index) {
    read_matches(node.items[index], indexed("include", index), findings, files);
    config_.included.push_back(included_path(node.items[index].text, config_.file));
  }
  return files;
}

void Loader::read_matches(const YamlNode& pattern, const std::string& path, Findings& findings,
                          std::vector<IncludedFile>& files) const {
  const auto matches = included_files(pattern.text, config_.file);
  if (!matches) return findings.add(pattern.at, path, matches.error());
  for (const std::string& match : *matches) {
    // Two patterns may mean the same file.
    const bool known = std::any_of(files.begin(), files.end(),
                                   [&](const IncludedFile& each) { return each.path == match; });
    if (known) continue;
    auto text = read_file(match);
    if (!text) {
      findings.add(pattern.at, path,
                   {"`" + printable(match) + "` cannot be read: " + text.error(), ""});
      continue;
    }
    files.push_back({match, *std::move(text)});
  }
}

void Loader::load_included(const IncludedFile& file) {
  const auto source = SourceText::make(file.path, file.text);
  if (!source) return add_error(source.error());
  Findings findings(*source);
  const YamlNode root = read_yaml(*source, findings);
  if (root.kind == YamlKind::Mapping) {
    for (const YamlNode& item : root.items) {
      if (item.key == "policies") {
        read_policies(item, findings);
      } else {
        findings.add(item.key_at, item.key,
                     {"an included file cannot hold " + quoted_in_message(item.key),
                      "it holds a list of policies, or the one key `policies`"});
      }
    }
  } else if (root.kind == YamlKind::Scalar) {
    findings.add(root.at, "",
                 {"an included file must be a list of policies",
                  "start each policy with `- name:`, or put them below `policies:`"});
  } else {
    read_policies(root, findings);
  }
  append(findings.take());
}

void Loader::read_users(const YamlNode& node, Findings& findings) {
  const YamlNode* name = node.find("users_file");
  if (config_.users_file.empty() || name == nullptr || findings.has("auth.users_file")) return;
  const std::string path =
      (std::filesystem::path(config_.file).parent_path() / config_.users_file).string();
  auto text = read_file(path, kUsersFileMax);
  if (text && text->size() > kUsersFileMax) text = tl::unexpected<std::string>("it is too large");
  if (!text) {
    findings.add(name->at, "auth.users_file",
                 {"`" + printable(path) + "` cannot be read: " + text.error(), ""});
    return;
  }
  auto users = parse_users(*text, path);
  if (!users) return append(users.error());
  config_.users = std::make_shared<const Users>(*std::move(users));
}

void Loader::read_token(const YamlNode& node, Findings& findings) {
  const YamlNode* name = node.find("token_file");
  if (config_.admin.token_file.empty() || name == nullptr || findings.has("admin.token_file")) {
    return;
  }
  namespace fs = std::filesystem;
  const fs::path path = fs::path(config_.file).parent_path() / config_.admin.token_file;
  const std::string shown = "`" + printable(path.string()) + "`";
  const auto text = read_file(path.string(), kTokenFileMax);
  if (!text || text->size() > kTokenFileMax) {
    const std::string why = text ? "it is too large for a token" : text.error();
    return findings.add(name->at, "admin.token_file",
                        {shown + " cannot be read: " + why, kMakeToken});
  }
  auto token = parse_token(*text);
  if (!token) {
    return findings.add(name->at, "admin.token_file",
                        {shown + " holds no token: " + token.error().message, token.error().help});
  }
  std::error_code ignored;
  const fs::perms permissions = fs::status(path, ignored).permissions();
  const bool everyone_reads = (permissions & fs::perms::others_read) != fs::perms::none;
  config_.admin.token =
      std::make_shared<const Token>(Token{*std::move(token), path.string(), everyone_reads});
}

void Loader::append(ConfigErrors errors) {
  std::move(errors.begin(), errors.end(), std::back_inserter(errors_));
}

tl::expected<Config, ConfigErrors> Loader::result() {
  if (!errors_.empty()) return tl::unexpected(std::move(errors_));
  for (Policy& each : config_.policies) each.mode = std::min(each.written_mode, config_.mode);
  return std::move(config_);
}

}  // namespace

Config default_config() {
  Config config;
  store_defaults("", &config);
  Listener listener;
  store_defaults("listen[].", &listener);
  config.listeners.push_back(std::move(listener));
  return config;
}

tl::expected<Config, ConfigErrors> load_text(std::string_view yaml, std::string_view file) {
  Loader loader{std::string(file)};
  loader.load_main(yaml, Includes::Ignored);
  return loader.result();
}

tl::expected<Config, ConfigErrors> load_file(const std::string& path) {
  Loader loader(path);
  if (const auto text = read_file(path)) {
    loader.load_main(*text, Includes::Resolved);
  } else {
    loader.add_error({path, 0, 0, "", "the file cannot be read: " + text.error(), "", ""});
  }
  return loader.result();
}

}  // namespace pgconcord::policies
