#!/usr/bin/env python3
"""Adds up single test cases out of ctest's JUnit report and prints "N passed, N failed".

Each ctest entry is a runner: Catch2, Python's unittest and node's runner say in their last lines
how many cases they ran. An entry that says nothing counts as one case.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree


def cases(output):
    """(passed, failed) of one runner's output, or None if it is no runner known here."""
    catch_all = re.findall(r"All tests passed \(.*? in (\d+) test cases?\)", output)
    catch_some = re.findall(r"^test cases:\s+(\d+) \|(.*)$", output, re.M)
    if catch_all or catch_some:
        passed = sum(int(n) for n in catch_all)
        failed = 0
        for total, rest in catch_some:
            good = re.search(r"(\d+) passed", rest)
            good = int(good.group(1)) if good else 0
            passed, failed = passed + good, failed + int(total) - good
        return passed, failed
    python = re.findall(r"^Ran (\d+) tests? in .*?$\n+^(OK|FAILED)(?: \((.*)\))?", output, re.M)
    if python:
        passed = failed = 0
        for total, _, counts in python:
            bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", counts))
            skipped = sum(int(n) for n in re.findall(r"skipped=(\d+)", counts))
            passed, failed = passed + int(total) - bad - skipped, failed + bad
        return passed, failed
    node = re.findall(r"^(?:#|ℹ) (pass|fail) (\d+)$", output, re.M)
    if node:
        return (sum(int(n) for word, n in node if word == "pass"),
                sum(int(n) for word, n in node if word == "fail"))
    return None


def main(report):
    passed = failed = 0
    broken = []
    for entry in ElementTree.parse(report).getroot().iter("testcase"):
        good = entry.get("status") == "run"
        counted = cases(entry.findtext("system-out") or "") or ((1, 0) if good else (0, 1))
        if not good and counted[1] == 0:  # it crashed, or failed after its last case
            counted = (counted[0], 1)
        passed, failed = passed + counted[0], failed + counted[1]
        if not good:
            broken.append(entry.get("name"))
    for name in broken:
        print(f"failed: {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
