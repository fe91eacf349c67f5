#include "proxy/cli/completion.h"

#include <iostream>
#include <sstream>
#include <vector>

#include "proxy/cli/verbs.h"

namespace pgconcord::cli {
namespace {

struct Flag {
  std::string name;  // with its dashes
  std::string description;
  bool takes_value = false;
  bool takes_file = false;
  std::vector<std::string> values;  // empty = any
};

struct VerbWords {
  std::string name;
  std::string description;
  std::vector<Flag> flags;
  std::vector<VerbWords> verbs;    // config has some
  std::vector<std::string> words;  // values of what is no flag
};

// What a validator lists: `{a,b}`, or `value in {a->0,b->1} OR {0,1}` of a transformer.
std::vector<std::string> listed_values(const std::string& text) {
  const auto open = text.find('{');
  const auto close = text.find('}', open);
  if (close == std::string::npos) return {};
  std::vector<std::string> values;
  std::istringstream list(text.substr(open + 1, close - open - 1));
  for (std::string value; std::getline(list, value, ',');) {
    values.push_back(value.substr(0, value.find("->")));
  }
  return values;
}

std::vector<std::string> values_of(CLI::Option& option) {
  try {
    return listed_values(option.get_validator(0)->get_description());
  } catch (const CLI::OptionNotFound&) {
    return {};  // CLI11 has no question for "is there one"
  }
}

VerbWords words_of(const CLI::App& app) {
  VerbWords verb{app.get_name(), app.get_description(), {}, {}, {}};
  for (const CLI::Option* each : app.get_options({})) {
    auto& option = const_cast<CLI::Option&>(*each);  // get_validator() is not const
    if (option.get_group().empty()) continue;
    if (option.get_lnames().empty()) {
      if (option.get_positional()) verb.words = values_of(option);
      continue;
    }
    verb.flags.push_back({"--" + option.get_lnames().front(), option.get_description(),
                          option.get_items_expected_max() > 0, option.get_type_name() == "FILE",
                          values_of(option)});
  }
  for (const CLI::App* each : app.get_subcommands({})) verb.verbs.push_back(words_of(*each));
  return verb;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Inside single quotes of any of the three shells.
std::string quotable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c != '\'') result += c;
  }
  return result;
}

std::vector<std::string> offered(const VerbWords& verb) {
  std::vector<std::string> words = verb.words;
  for (const VerbWords& each : verb.verbs) words.push_back(each.name);
  for (const Flag& each : verb.flags) words.push_back(each.name);
  return words;
}

void bash_cases(const VerbWords& verb, const std::string& path, std::ostream& values,
                std::ostream& words) {
  words << "    '" << path << "') words='" << joined(offered(verb)) << "' ;;\n";
  for (const Flag& each : verb.flags) {
    if (!each.takes_value) continue;
    const std::string what =
        each.takes_file ? "compgen -f" : "compgen -W '" + joined(each.values) + "'";
    values << "    '" << path << ':' << each.name << "') mapfile -t COMPREPLY < <(" << what
           << " -- \"$current\"); return ;;\n";
  }
  for (const VerbWords& each : verb.verbs) {
    bash_cases(each, path.empty() ? each.name : path + ' ' + each.name, values, words);
  }
}

std::string bash_script(const VerbWords& program) {
  std::ostringstream values;
  std::ostringstream words;
  bash_cases(program, "", values, words);
  std::vector<std::string> verbs;
  for (const VerbWords& each : program.verbs) {
    verbs.push_back("' " + each.name + "'");
    for (const VerbWords& inner : each.verbs)
      verbs.push_back("'" + each.name + ' ' + inner.name + "'");
  }
  std::string known;
  for (const std::string& each : verbs) known += (known.empty() ? "" : "|") + each;
  return "# bash completion for pgconcord; written by `pgconcord completion bash`\n"
         "_pgconcord() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} path='' "
         "words='' word\n"
         "  COMPREPLY=()\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case \"$path $word\" in " +
         known +
         ") path=\"${path:+$path }$word\" ;; esac\n"
         "  done\n"
         "  case \"$path:$previous\" in\n" +
         values.str() +
         "  esac\n"
         "  case \"$path\" in\n" +
         words.str() +
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -F _pgconcord pgconcord\n";
}

// _arguments reads [ ] and : as its own.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : quotable(text)) {
    if (c == '[' || c == ']' || c == ':') result += '\\';
    result += c;
  }
  return result;
}

void zsh_arguments(const VerbWords& verb, std::ostream& out) {
  out << "_arguments";
  for (const Flag& each : verb.flags) {
    out << " '" << each.name << (each.takes_value ? "=[" : "[") << zsh_text(each.description)
        << ']';
    if (each.takes_file) {
      out << ":file:_files";
    } else if (each.takes_value) {
      out << ": :(" << joined(each.values) << ')';
    }
    out << '\'';
  }
  if (!verb.words.empty()) out << " '1: :(" << joined(verb.words) << ")'";
}

void zsh_verbs(const VerbWords& verb, const std::string& indent, std::ostream& out) {
  out << indent << "_arguments -C '1: :->verb' '*:: :->rest'\n" << indent << "case $state in\n";
  out << indent << "  verb) local -a verbs=(";
  for (const VerbWords& each : verb.verbs) {
    out << " '" << each.name << ':' << zsh_text(each.description) << '\'';
  }
  out << " ); _describe verb verbs ;;\n" << indent << "  rest) case $words[1] in\n";
  for (const VerbWords& each : verb.verbs) {
    out << indent << "    " << each.name << ")\n";
    if (each.verbs.empty()) {
      out << indent << "      ";
      zsh_arguments(each, out);
      out << " ;;\n";
    } else {
      zsh_verbs(each, indent + "      ", out);
      out << indent << "      ;;\n";
    }
  }
  out << indent << "  esac ;;\n" << indent << "esac\n";
}

std::string zsh_script(const VerbWords& program) {
  std::ostringstream out;
  out << "#compdef pgconcord\n# written by `pgconcord completion zsh`\n_pgconcord() {\n"
      << "  local context state line\n";
  zsh_verbs(program, "  ", out);
  out << "}\n"
      << "if [[ $funcstack[1] == _pgconcord ]]; then _pgconcord \"$@\"; else compdef _pgconcord "
         "pgconcord; fi\n";
  return out.str();
}

void fish_lines(const VerbWords& verb, const std::string& condition, std::ostream& out) {
  const std::string start = "complete -c pgconcord -n '" + condition + "'";
  for (const VerbWords& each : verb.verbs) {
    out << start << " -f -a " << each.name << " -d '" << quotable(each.description) << "'\n";
  }
  if (!verb.words.empty()) out << start << " -f -a '" << joined(verb.words) << "'\n";
  for (const Flag& each : verb.flags) {
    out << start << " -l " << each.name.substr(2);
    if (each.takes_file) {
      out << " -r -F";
    } else if (each.takes_value) {
      out << " -x -a '" << joined(each.values) << '\'';
    } else {
      out << " -f";
    }
    out << " -d '" << quotable(each.description) << "'\n";
  }
}

std::string fish_script(const VerbWords& program) {
  std::ostringstream out;
  out << "# written by `pgconcord completion fish`\ncomplete -c pgconcord -f\n";
  fish_lines(program, "__fish_use_subcommand", out);
  for (const VerbWords& each : program.verbs) {
    std::vector<std::string> inner;
    for (const VerbWords& verb : each.verbs) inner.push_back(verb.name);
    const std::string seen = "__fish_seen_subcommand_from " + each.name;
    const std::string no_inner = "; and not __fish_seen_subcommand_from " + joined(inner);
    fish_lines(each, inner.empty() ? seen : seen + no_inner, out);
    for (const VerbWords& verb : each.verbs) {
      fish_lines(verb, seen + "; and __fish_seen_subcommand_from " + verb.name, out);
    }
  }
  return out.str();
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  const VerbWords program = words_of(app);
  if (shell == "bash") return bash_script(program);
  return shell == "zsh" ? zsh_script(program) : fish_script(program);
}

int completion(const Options& options) {
  std::cout << options.completion_script;
  return kOk;
}

}  // namespace pgconcord::cli
