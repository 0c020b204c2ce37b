"""libabigail's view: the library of every type (abi_reference.c) against the baseline of a release.
Blind for constants, names, comments and meaning, which check.py sees; independent of our own layout code.
usage: abidiff_test.py             compares, and shows that edits are seen
       abidiff_test.py --baseline  writes the baseline (at a release)"""
import copy
import pathlib
import subprocess
import sys
import tempfile

import yaml

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ABI = HERE.parents[2] / "sdk" / "abi"
sys.path[:0] = [str(ABI), str(HERE)]
import edits_test  # noqa: E402
import generate  # noqa: E402
import lock  # noqa: E402
import side_files  # noqa: E402
from abi import Abi  # noqa: E402

BASELINE = HERE / "v1.0" / "abi.xml"
INCOMPATIBLE = 8  # bit of abidiff's exit status
SEEN = [edits_test.insert_member, edits_test.reorder_members, edits_test.change_width,
        edits_test.remove_function, edits_test.change_signature,
        edits_test.change_return, edits_test.grow_frozen]


def build(abi, folder):
    """The reference library of a description."""
    generate.write(generate.header_files(abi), folder)
    source = folder / "reference.c"
    source.write_text(side_files.reference_source(abi), encoding="utf-8")
    library = folder / "reference.so"
    subprocess.run(["gcc", "-std=c11", "-g", "-O0", "-shared", "-fPIC",
                    f"-I{folder / 'sdk/include'}", source, "-o", library], check=True)
    return library


def compare(library):
    return subprocess.run(["abidiff", BASELINE, library], capture_output=True, text=True)


def built_from(raw):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="junctor-abi-"))
    return folder, build(Abi(raw), folder)


def remove(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def verdict(raw):
    folder, library = built_from(raw)
    try:
        return compare(library)
    finally:
        remove(folder)


def write_baseline(raw):
    folder, library = built_from(raw)
    subprocess.run(["abidw", "--no-corpus-path", "--no-show-locs", "--no-comp-dir-path",
                    "--no-elf-needed", "--out-file", BASELINE, library], check=True)
    remove(folder)


def main():
    with open(ABI / "v1.yaml", encoding="utf-8") as file:
        raw = yaml.safe_load(file)
    if "--baseline" in sys.argv:
        write_baseline(raw)
        return 0
    problems = []
    now = verdict(raw)
    released = lock.read(HERE / "v1.0" / "abi.lock")["abi"]
    has_grown = f"{raw['major']}.{raw['minor']}" != released
    if now.returncode & INCOMPATIBLE or (now.returncode and not has_grown):
        problems.append(f"differs from ABI {released}:\n{now.stdout}{now.stderr}")
    for edit in SEEN:
        edited = edits_test.Description(copy.deepcopy(raw))
        edit(edited)
        if verdict(edited.raw).returncode == 0:
            problems.append(f"{edit.__name__} was not seen")
    print("\n".join(problems) or f"as ABI {released}; {len(SEEN)} edits seen")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
