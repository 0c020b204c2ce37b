#!/usr/bin/env python3
"""Tidy: what the compiler cannot check. Run by ctest and `./dev tidy`; under a second.

Each ban names its cure. Bans look at code only (comments and string contents are blanked), except
those marked raw. Every ban carries a line it must catch: a ban that catches nothing fails the run.
"""
import dataclasses
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CPP = (".h", ".hpp", ".cpp", ".c")
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_SOFT, FILE_LINES_MAX = 500, 800

# Functions over the limit that are known. A number here may only go down.
LONG_FUNCTIONS: dict[str, int] = {}


@dataclasses.dataclass
class Ban:
    pattern: str
    cure: str
    example: str
    scope: str = r"(core|sdk|plugins)/"  # where it holds
    allowed: str = r"(?!)"               # where it does not
    raw: bool = False                    # look at comments and strings too


BANS = [
    Ban(r"\b(system_clock|steady_clock|high_resolution_clock)::now\b",
        "take a Clock (base/clock.h)", "auto t = std::chrono::steady_clock::now();",
        allowed=r"core/base/clock\.cpp"),
    Ban(r"(?<![\w.>])(?:::|std::)?time\(\s*(?:nullptr|NULL|0|&)|\b(clock_gettime|gettimeofday)\s*\(",
        "take a Clock (base/clock.h)", "int64_t t = time(nullptr);",
        allowed=r"core/base/clock\.cpp"),
    Ban(r"\bgetenv\s*\(|\benviron\b", "take a config::Environment (config/load.h)",
        'auto home = std::getenv("HOME");', allowed=r"core/config/"),
    Ban(r"\b(dlopen|dlmopen|dlsym|dlclose)\s*\(|<dlfcn\.h>", "plugin::loadConnectors",
        "void* p = dlopen(path, RTLD_NOW);", allowed=r"core/(plugin|conformance)/"),
    Ban(r"\bstd::w?regex\b|<regex>", "plain code or fnmatch (std::regex backtracks)",
        "std::regex pattern(text);"),
    Ban(r"\bstd::j?thread\b(?!::)|\bpthread_create\s*\(", "Thread (base/threads.h)",
        "std::thread worker(run);", allowed=r"core/base/threads\.(h|cpp)"),
    Ban(r"\bstd::filesystem\b|<filesystem>", "base/files.h", "std::filesystem::exists(path);",
        allowed=r"core/base/files\.cpp"),
    Ban(r"\brandom_device\b|\bmt19937|\b(rand|srand|random)\s*\(\s*\)", "Random (base/random.h)",
        "std::random_device device;", allowed=r"core/base/random\.cpp"),
    Ban(r"\bthrow\b", "return an Error (base/result.h)", 'throw std::runtime_error("no");',
        scope=r"core/", allowed=r"core/\w+/(\w+/)*translate_\w+\.cpp"),
    Ban(r"#\s*include\s*\"\.\./", 'include by the path in the tree: "room/file.h"',
        '#include "../store/store.h"', scope=r"(core|sdk|plugins|tests)/", raw=True),
    Ban(r"\busing\s+namespace\s+(?!\w+(::\w+)*_literals\b)", "name what is used, or an alias",
        "using namespace std;"),
    Ban(r"\b(FIXME|TODO|XXX)\b", "do it, or file an issue", "// TODO: later",
        scope=r"(core|sdk|plugins|tests|scripts|config|packaging)/", allowed=r"tests/tidy/tidy\.py",
        raw=True),
]

# Library -> the rooms (or files) that alone may include it. design: core/README.md.
ROOM_OF_LIBRARY = [
    (r"nlohmann/", r"core/base/", "base/json.h (base/json_value.h for the full type)"),
    (r"simdjson", r"core/base/", "base/json_doc.h"),
    (r"spdlog/", r"core/base/log\.cpp", "base/log.h"),
    (r"openssl/", r"core/(crypto|net)/", "crypto/*.h"),
    (r"Poco/Util/", r"core/app/", "config/load.h"),
    (r"Poco/|boost/|curl/", r"core/net/", "net/http_client.h or net/http_server.h"),
    (r"seccomp\.h|linux/(seccomp|landlock)", r"core/(isolation/|conformance/confine\.cpp)", "isolation/supervisor.h"),
    (r"yaml-cpp/", r"core/config/", "config/load.h"),
    (r"sqlite3", r"core/store/", "store/store.h"),
    (r"libpq", r"core/(store|wire)/", "store/store.h or wire/wire.h"),
    (r"lua\.h|lualib|lauxlib|lua\.hpp|lua5", r"core/script/", "script/rules.h"),
    (r"CLI/", r"core/app/", "app"),
]

problems: list[str] = []


def complain(path, line, what, cure):
    where = f"{path}:{line}" if line else path
    problems.append(f"{where}: {what}; instead: {cure}")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def walk(*folders, endings=None):
    for folder in folders:
        for base, names, files in os.walk(os.path.join(ROOT, folder)):
            names[:] = sorted(n for n in names if n not in ("node_modules", "build"))
            for name in sorted(files):
                if endings is None or name.endswith(endings):
                    yield os.path.relpath(os.path.join(base, name), ROOT)


NOISE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
    re.S)


def code_only(text):
    """Comments and literals blanked, line numbers kept; include paths stay."""
    def blank(match):
        word = match.group(0)
        if word[0] == '"' and text[:match.start()].rsplit("\n", 1)[-1].lstrip().startswith("#"):
            return word
        return re.sub(r"[^\n]", " ", word)
    return NOISE.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_bans(path, text, code):
    for ban in BANS:
        if not re.match(ban.scope, path) or re.match(ban.allowed, path):
            continue
        subject = text if ban.raw else code
        for match in re.finditer(ban.pattern, subject):
            complain(path, line_of(subject, match.start()),
                     f"'{match.group(0).strip()}' is not used here", ban.cure)


def check_words(path, text):
    """Files that are not C++: only the ban on unfinished work."""
    ban = BANS[-1]
    if re.match(ban.scope, path) and not re.match(ban.allowed, path):
        for match in re.finditer(ban.pattern, text):
            complain(path, line_of(text, match.start()), f"'{match.group(0)}'", ban.cure)


def check_poco_what(path, code):
    for match in re.finditer(r"catch\s*\(\s*(?:const\s+)?Poco::[^)]*\)\s*\{[^}]*\.what\(\)", code):
        complain(path, line_of(code, match.start()), "Poco's what() is only the class name",
                 "displayText()")


def check_includes(path, code):
    for match in re.finditer(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', code, re.M):
        name, line = match.group(1), line_of(code, match.start(1))
        if path.startswith("plugins/") and not path.startswith("plugins/CMake"):
            if re.match(rf"({'|'.join(rooms())})/", name):
                complain(path, line, f"a connector may not see '{name}'", "the SDK's headers")
        for pattern, room, cure in ROOM_OF_LIBRARY:
            if re.match(pattern, name) and path.startswith("core/"):
                if not re.match(room, path):
                    complain(path, line, f"<{name}> is not included in this room", cure)
                break
        if name == "base/json_value.h" and is_public(path) and not path.startswith("core/base/"):
            complain(path, line, "json_value.h costs a second in every file that includes this",
                     "base/json.h, and json_value.h in the .cpp")


def is_public(path):
    """Whether a header of core/ is listed under HEADERS of its room."""
    parts = path.split("/")
    if parts[0] != "core" or not path.endswith(".h"):
        return False
    listed = os.path.join(ROOT, "core", parts[1], "CMakeLists.txt")
    if not os.path.exists(listed):
        return False
    headers = re.search(r"HEADERS(.*?)(?:SOURCES|\))", read(f"core/{parts[1]}/CMakeLists.txt"), re.S)
    return bool(headers) and "/".join(parts[2:]) in headers.group(1).split()


def functions(code):
    """(first line, last line, header) of each function body; a brace counter, not a parser."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  code, flags=re.M)
    scopes, start, parens = [], 0, 0
    for match in re.finditer(r"[{};()]", code):
        char, at = match.group(0), match.start()
        if char in "()":
            parens += 1 if char == "(" else -1
            continue
        inside = any(kind == "function" for kind, _, _ in scopes)
        if char == "{":
            header = code[start:at].strip()
            if inside or parens > 0:
                kind = "block"
            elif re.search(r"\b(namespace|extern)\b", header):
                kind = "namespace"
            elif re.search(r"\b(class|struct|union|enum)\b", header) and not header.endswith(")"):
                kind = "type"
            elif ")" in header:
                kind = "function"
            else:
                kind = "init"
            first = line_of(code, start + len(code[start:at]) - len(code[start:at].lstrip()))
            scopes.append((kind, first, " ".join(header.split())[:80]))
        elif char == "}" and scopes:
            kind, first, header = scopes.pop()
            if kind == "function":
                yield first, line_of(code, at), header
        if not (parens > 0):
            start = at + 1


def check_sizes(path, text, code):
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > COLUMNS_MAX and "http" not in line:
            complain(path, number, f"{len(line)} columns", f"at most {COLUMNS_MAX}: ./dev fmt")
    lines = text.count("\n")
    if path.startswith(("core/", "sdk/", "plugins/")):
        if lines > FILE_LINES_MAX:
            complain(path, 0, f"{lines} lines", f"split it: at most {FILE_LINES_MAX}")
        elif lines > FILE_LINES_SOFT:
            print(f"note: {path} has {lines} lines; {FILE_LINES_SOFT} is the aim")
    for first, last, header in functions(code):
        length = last - first + 1
        allowed = LONG_FUNCTIONS.get(f"{path}:{header}", FUNCTION_LINES_MAX)
        if length > allowed and not re.match(r"(TEST_CASE|SCENARIO|TEMPLATE_)", header):
            complain(path, first, f"'{header}' is {length} lines", f"split it: at most {allowed}")


def rooms():
    text = read("core/CMakeLists.txt")
    block = re.search(r"set\(JUNCTOR_ROOMS(.*?)\n\)", text, re.S).group(1)
    return [line.split()[0] for line in block.split("\n") if line.strip()]


def check_house():
    readme = read("core/README.md") if os.path.exists(os.path.join(ROOT, "core/README.md")) else ""
    for room in rooms():
        if not os.path.exists(os.path.join(ROOT, "core", room, "CMakeLists.txt")):
            complain(f"core/{room}", 0, "listed in core/CMakeLists.txt but has no CMakeLists.txt",
                     "build it or take it off the list")
        if not re.search(rf"^\| `?{room}`? \|", readme, re.M):
            complain("core/README.md", 0, f"room '{room}' has no row in the table", "add one")
    for name in sorted(os.listdir(os.path.join(ROOT, "core"))):
        if os.path.exists(os.path.join(ROOT, "core", name, "CMakeLists.txt")) \
                and name not in rooms():
            complain(f"core/{name}", 0, "is no room", "list it in core/CMakeLists.txt")
    for name in sorted(os.listdir(os.path.join(ROOT, "plugins"))):
        folder = os.path.join(ROOT, "plugins", name)
        if not os.path.isdir(folder) or not os.listdir(folder):
            continue
        for part in ("manifest.json", "README.md", "CMakeLists.txt", "fixtures"):
            if not os.path.exists(os.path.join(folder, part)):
                complain(f"plugins/{name}", 0, f"has no {part}",
                         "every connector has a manifest, a README and fixtures")


def check_quotes():
    """Documentation quotes the scripts; it may not drift from them."""
    text = re.search(r"cat <<'TEXT'\n(.*?)\nTEXT\n", read("dev"), re.S).group(1)
    if text not in read("CONTRIBUTING.md"):
        complain("CONTRIBUTING.md", 0, "does not quote `./dev help` as it is", "paste its output")
    page = read("packaging/doc/http-api.md")
    for method, path in re.findall(r'\{"([A-Z]+)",\s*"(/[^"]*)"', read("core/admin/routes.cpp")):
        if f"`{method} {path}`" not in page:
            complain("packaging/doc/http-api.md", 0, f"does not name {method} {path}", "add a row")


def check_bans_bite():
    for ban in BANS:
        subject = ban.example if ban.raw else code_only(ban.example)
        if not re.search(ban.pattern, subject):
            complain("tests/tidy/tidy.py", 0, f"the ban on '{ban.pattern}' lets through its example",
                     "mend the pattern")
    body = "int f(int a) {\n" + "  a += 1;\n" * FUNCTION_LINES_MAX + "  return a;\n}\n"
    measured = [last - first + 1 for first, last, _ in functions("namespace x {\n" + body + "}\n")]
    if measured != [FUNCTION_LINES_MAX + 3]:
        complain("tests/tidy/tidy.py", 0, f"function lengths are measured as {measured}", "mend it")


def main():
    check_bans_bite()
    count = 0
    for path in walk("core", "sdk", "plugins", "tests", endings=CPP):
        text = read(path)
        code = code_only(text)
        check_bans(path, text, code)
        check_poco_what(path, code)
        check_includes(path, code)
        check_sizes(path, text, code)
        count += 1
    for path in walk("core", "sdk", "plugins", "tests", "scripts", "config", "packaging",
                     endings=(".py", ".lua", ".yaml", ".md", ".txt", ".cmake", ".mjs", ".sql")):
        check_words(path, read(path))
        count += 1
    check_house()
    check_quotes()
    for problem in problems:
        print(problem)
    print(f"tidy: {count} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
