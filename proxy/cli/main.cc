// Arguments in, exit status out.
#include "proxy/cli/options.h"
#include "proxy/cli/verbs.h"

namespace {

using pgconcord::cli::Options;
using pgconcord::cli::Verb;

int dispatch(const Options& options) {
  namespace cli = pgconcord::cli;
  switch (options.verb) {
    case Verb::Run:
      return cli::run(options);
    case Verb::Check:
      return cli::check(options);
    case Verb::Explain:
      return cli::explain(options);
    case Verb::Reload:
      return cli::reload(options);
    case Verb::Version:
      return cli::version(options);
    case Verb::ConfigShow:
      return cli::show_config(options);
    case Verb::ConfigSchema:
      return cli::show_schema();
    case Verb::Healthcheck:
      return cli::healthcheck(options);
    case Verb::Violations:
      return cli::violations(options);
    case Verb::Policies:
      return cli::policies_in_force(options);
    case Verb::Sessions:
      return cli::sessions(options);
    case Verb::Drain:
      return cli::drain(options);
    case Verb::Suggest:
      return cli::suggest(options);
    case Verb::Completion:
      return cli::completion(options);
    case Verb::Doctor:
      return cli::doctor(options);
  }
  return pgconcord::cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = pgconcord::cli::parse_options(argc, argv);
  return options ? dispatch(*options) : options.error().code;
}
