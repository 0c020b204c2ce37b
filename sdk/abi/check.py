#!/usr/bin/env python3
"""May the description of the ABI be what it is, given what was released?
usage: check.py [--lock FILE] [DESCRIPTION]     exit 1 and every problem, if not
       check.py --release                       checks, then adds what is new to the lock"""
import argparse
import pathlib
import sys

sys.dont_write_bytecode = True  # the source tree stays clean

import lock
from abi import Abi

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=pathlib.Path, default=HERE / "v1.lock")
    parser.add_argument("--release", action="store_true")
    parser.add_argument("description", nargs="?", type=pathlib.Path, default=HERE / "v1.yaml")
    options = parser.parse_args()
    try:
        abi = Abi.load(options.description)
        lock.facts(abi)
    except (ValueError, KeyError) as error:
        print(f"the description makes no sense: {error}")
        return 1
    found = list(lock.problems(lock.read(options.lock), abi)) if options.lock.exists() else []
    print("\n".join(found) or f"ABI {abi.major}.{abi.minor} keeps every promise")
    if options.release and not found:
        lock.write(options.lock, lock.facts(abi))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
