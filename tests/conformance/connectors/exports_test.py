"""Each connector library exports one function, binds at load and needs the C library alone.
usage: exports_test.py CONNECTORS_FOLDER"""
import pathlib
import re
import subprocess
import sys

ALLOWED = re.compile(r"(libc|libm|ld-linux-[\w-]+|libpthread|libdl)\.so\.\d+$")
problems = []
libraries = sorted(pathlib.Path(sys.argv[1]).glob("*.so"))


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check(library):
    exported = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()}
    if exported != {"junctor_plugin_v1"}:
        problems.append(f"{library.name} exports {sorted(exported)}")
    dynamic = run("readelf", "-W", "-d", library)
    for needed in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
        if not ALLOWED.match(needed):
            problems.append(f"{library.name} needs {needed}")
    if "BIND_NOW" not in dynamic:
        problems.append(f"{library.name} does not bind at load")
    for tag in ("TEXTREL", "RPATH", "RUNPATH"):
        if f"({tag})" in dynamic:
            problems.append(f"{library.name} has {tag}")
    segments = run("readelf", "-W", "-l", library)
    if not re.search(r"GNU_STACK.* RW ", segments) or "GNU_RELRO" not in segments:
        problems.append(f"{library.name} has an executable stack or no RELRO")


if not libraries:
    problems.append(f"no connector in {sys.argv[1]}")
for each in libraries:
    check(each)
print("\n".join(problems) or f"{len(libraries)} connectors, each with one export")
sys.exit(1 if problems else 0)
