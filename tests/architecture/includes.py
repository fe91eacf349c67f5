"""Keeps the arrows of ARCHITECTURE.md true: which folder may include which, where outside libraries may be named, and
how long a file may be. `includes.py [ROOT]` checks a tree; `includes.py --self-test` plants violations in a copy and
expects each of them to be found."""

import pathlib
import re
import shutil
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCE_FOLDERS = ("parser", "policies", "metrics", "proxy")
LINES_MAX = 500

# Folder -> folders whose headers it may include, besides its own. Anything not listed is forbidden.
MAY_INCLUDE = {
    "parser": set(),
    "policies": {"parser"},
    "metrics": set(),
    "proxy/wire": set(),
    "proxy/crypto": set(),
    "proxy/console": {"proxy/wire", "parser"},
    "proxy/session": {"proxy/wire", "proxy/crypto", "proxy/console", "policies", "parser", "metrics"},
    "proxy/net": {"proxy/session", "proxy/console", "proxy/wire", "policies", "metrics"},
    "proxy/admin": {"proxy/console", "policies", "metrics"},
    "proxy/cli": {"proxy/net", "proxy/admin", "proxy/console", "proxy/session", "proxy/wire"}
    | {"policies", "parser", "metrics"},
}
# One header of numbers that every folder below proxy/ may read.
SHARED_BY_PROXY = "proxy/limits.h"

# Outside header (pattern) -> where it may be named: a folder, or a file without its ending.
OUTSIDE = {
    r"uv\.h$": ["proxy/net"],
    r"openssl/": ["proxy/net", "proxy/crypto/digest"],
    r"pg_query(\.|_)": ["parser"],
    r"simdjson": ["parser"],
    r"yaml-cpp/": ["policies/yaml_node"],
    r"prometheus/": ["metrics"],
    r"httplib\.h$": ["proxy/admin", "proxy/cli"],
    r"CLI/": ["proxy/cli"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def folder_of(path):
    """`proxy/net/worker.h` -> `proxy/net`; `parser/edit.h` -> `parser`."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "proxy" and len(parts) > 2 else parts[0]


def own_include_problem(file, included):
    folder, target = folder_of(file), folder_of(included)
    if target == folder or (included == SHARED_BY_PROXY and folder.startswith("proxy/")):
        return None
    if folder not in MAY_INCLUDE:
        return f"the folder {folder} is not in the list of layers"
    if target not in MAY_INCLUDE[folder]:
        return f"{folder} must not know {target} (includes {included})"
    return None


def outside_include_problem(file, included):
    for pattern, places in OUTSIDE.items():
        if re.match(pattern, included):
            stem = file.rsplit(".", 1)[0]
            if folder_of(file) not in places and stem not in places:
                return f"{included} belongs to {', '.join(places)} only"
    return None


def problems_of_file(file, text):
    lines = text.count("\n")
    if lines > LINES_MAX:
        yield f"{lines} lines, the limit is {LINES_MAX}"
    for _, included in INCLUDE.findall(text):
        is_ours = included.split("/")[0] in SOURCE_FOLDERS
        problem = own_include_problem(file, included) if is_ours else outside_include_problem(file, included)
        if problem:
            yield problem


def sources(root):
    for folder in SOURCE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cc"):
                yield path


def problems(root):
    found = []
    for path in sources(root):
        file = path.relative_to(root).as_posix()
        found += [f"{file}: {problem}" for problem in problems_of_file(file, path.read_text())]
    return found


# What is planted, and a word of the message that must come back.
PLANTED = [
    ("parser/planted.h", '#include "policies/policy.h"\n', "parser must not know policies"),
    ("policies/planted.cc", '#include "metrics/metric.h"\n', "policies must not know metrics"),
    ("metrics/planted.cc", '#include "parser/edit.h"\n', "metrics must not know parser"),
    ("proxy/wire/planted.h", '#include "proxy/session/session.h"\n', "proxy/wire must not know proxy/session"),
    ("proxy/session/planted.cc", '#include "proxy/net/stream.h"\n', "proxy/session must not know proxy/net"),
    ("proxy/admin/planted.cc", '#include "proxy/net/server.h"\n', "proxy/admin must not know proxy/net"),
    ("proxy/session/planted_uv.cc", "#include <uv.h>\n", "uv.h belongs to proxy/net"),
    ("proxy/console/planted.cc", '#include "policies/config.h"\n', "proxy/console must not know policies"),
    ("proxy/console/planted.h", '#include "proxy/session/session.h"\n', "proxy/console must not know proxy/session"),
    ("proxy/cli/planted.cc", "#include <openssl/ssl.h>\n", "openssl/ssl.h belongs to proxy/net"),
    ("proxy/crypto/planted.cc", "#include <openssl/evp.h>\n", "belongs to proxy/net, proxy/crypto/digest"),
    ("proxy/crypto/planted.h", '#include "proxy/wire/bytes.h"\n', "proxy/crypto must not know proxy/wire"),
    ("proxy/session/planted_ssl.cc", "#include <openssl/evp.h>\n", "openssl/evp.h belongs to proxy/net"),
    ("policies/planted_query.cc", "#include <pg_query.h>\n", "pg_query.h belongs to parser"),
    ("policies/planted_yaml.cc", "#include <yaml-cpp/yaml.h>\n", "yaml-cpp/yaml.h belongs to policies/yaml_node"),
    ("policies/planted_limits.cc", '#include "proxy/limits.h"\n', "policies must not know proxy"),
    ("proxy/planted_loose/a.cc", '#include "proxy/wire/frame.h"\n', "not in the list of layers"),
    ("metrics/planted_long.cc", "\n" * (LINES_MAX + 1), "the limit is"),
]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        for path in sources(REPOSITORY):
            target = copy / path.relative_to(REPOSITORY)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        before = problems(copy)
        for file, text, _ in PLANTED:
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            (copy / file).write_text(text)
        after = [problem for problem in problems(copy) if problem not in before]
    return [
        f"planted in {file} but not found: {expected}"
        for file, _, expected in PLANTED
        if not any(problem.startswith(file + ":") and expected in problem for problem in after)
    ]


def main(arguments):
    found = self_test() if arguments == ["--self-test"] else problems(pathlib.Path(*arguments or [REPOSITORY]))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
