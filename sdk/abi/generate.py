#!/usr/bin/env python3
"""Makes everything that follows from the description of the ABI.
usage: generate.py [--description FILE] [--headers-only] OUTPUT_ROOT
       generate.py --check                   fails if a committed file is not what it should be
Without arguments beyond OUTPUT_ROOT the files land where this tree keeps them."""
import argparse
import pathlib
import sys
import textwrap

sys.dont_write_bytecode = True  # the source tree stays clean

import c_header
import lock
import side_files
from abi import Abi

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def header_files(abi):
    files = {f"sdk/include/junctor/{header['header']}.h": c_header.render(abi, header)
             for header in abi.headers}
    files["sdk/include/junctor/junctor.h"] = c_header.render_all(abi)
    return files


def all_files(abi):
    files = header_files(abi)
    files["sdk/cpp/junctor/tables.hpp"] = side_files.cpp_tables(abi)
    files["core/plugin/abi_sizes.h"] = side_files.host_sizes(abi)
    files["tests/conformance/abi/abi_lock.cpp"] = side_files.lock_source(lock.read(HERE / "v1.lock"))
    files["tests/conformance/abi/abi_reference.c"] = side_files.reference_source(abi)
    files["packaging/doc/connector-errors.md"] = side_files.error_table(abi)
    files["packaging/doc/connector-functions.md"] = side_files.function_table(abi)
    return files


def write(files, root):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def drifted(files):
    for name, text in files.items():
        path = ROOT / name
        if not path.exists():
            yield f"{name} is missing"
        elif path.read_text(encoding="utf-8") != text:
            yield f"{name} is not what sdk/abi/generate.py makes of v1.yaml"


def main():
    parser = argparse.ArgumentParser(description=textwrap.dedent(__doc__))
    parser.add_argument("--description", default=HERE / "v1.yaml")
    parser.add_argument("--headers-only", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("root", nargs="?", type=pathlib.Path)
    options = parser.parse_args()
    abi = Abi.load(options.description)
    files = header_files(abi) if options.headers_only else all_files(abi)
    if options.check:
        problems = list(drifted(files))
        print("\n".join(problems) or f"{len(files)} generated files are up to date")
        return 1 if problems else 0
    if not options.root:
        parser.error("OUTPUT_ROOT is missing (. = this tree)")
    write(files, options.root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
