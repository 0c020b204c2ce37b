"""Edits of the ABI's description that would break connectors or hosts which are out there: each is
caught, by check.py and, where a compiler can see it, by the compile-time lock. Legal growth passes.
usage: edits_test.py"""
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
import grow  # noqa: E402

problems = []


class Description:
    """The parsed v1.yaml, with ways to find its parts."""

    def __init__(self, raw):
        self.raw = raw

    def items(self, key):
        return {item[key]: item for header in self.raw["headers"] for item in header["items"]
                if key in item}

    def members(self, struct):
        return self.items("struct")[struct]["members"]

    def member(self, struct, name):
        return next(each for each in self.members(struct)
                    if name in (each.get("member"), each.get("function")))

    def group(self, constant):
        return next(item["values"] for header in self.raw["headers"] for item in header["items"]
                    if constant in [value["name"] for value in item.get("values", [])])

    def constant(self, name):
        return next(value for value in self.group(name) if value["name"] == name)

    def interface(self, macro):
        return next(header["interface"] for header in self.raw["headers"]
                    if header.get("interface", {}).get("macro") == macro)


def insert_member(d):
    d.members("jn_event").insert(3, {"member": "kind", "type": "jn_str"})


def reorder_members(d):
    members = d.members("jn_reply")
    members[2], members[3] = members[3], members[2]


def change_width(d):
    d.member("jn_error", "retry_after_ms")["type"] = "int64_t"


def change_constant(d):
    d.constant("JN_CALL_DRY_RUN")["value"] = 8


def change_error_code(d):
    d.constant("JN_E_AUTH")["value"], d.constant("JN_E_FORBIDDEN")["value"] = -6, -5


def rename_function(d):
    d.member("jn_codec", "digest")["function"] = "hash"


def remove_function(d):
    d.members("jn_log").remove(d.member("jn_log", "enabled"))


def change_signature(d):
    d.member("jn_kv_store", "del")["params"] = ["const jn_call *call", "const char *key"]


def change_return(d):
    d.member("jn_connector", "destroy")["returns"] = "jn_status"


def change_thread(d):
    d.member("jn_connector", "create")["thread"] = "setup"


def change_owner(d):
    d.member("jn_webhook_sink", "event")["owner"] = "connector keeps the event until the call ends"


def change_id(d):
    d.interface("JN_ACTIONS_ID")["id"] = "junctor.actions/2"


def make_mandatory(d):
    del d.member("jn_webhook", "verify")["nullable"]


def grow_frozen(d):
    d.members("jn_str").append({"member": "flags", "type": "uint64_t", "since": "1.1"})


def remove_interface(d):
    d.raw["headers"] = [each for each in d.raw["headers"] if each["header"] != "metrics"]


def reuse_value(d):
    d.group("JN_E_AUTH").append({"name": "JN_E_NEW", "value": -5, "host": "", "since": "1.1"})
    next_minor(d)


def add_without_minor(d):
    d.members("jn_actions").append(dict(grow.grown_members(d.items("struct")["jn_actions"])[0]))


def add_mandatory(d):
    added = dict(grow.grown_members(d.items("struct")["jn_actions"])[0])
    del added["nullable"]
    d.members("jn_actions").append(added)
    next_minor(d)


def add_to_the_past(d):
    added = dict(grow.grown_members(d.items("struct")["jn_actions"])[0], since="1.0")
    d.members("jn_actions").append(added)


def new_error_of_a_host_function(d):
    d.member("jn_codec", "encode")["errors"] += ", JN_E_RATE_LIMITED"


def forget_an_error(d):
    d.member("jn_http", "send")["errors"] = "JN_E_DENIED"


def change_macro(d):
    d.items("verbatim")["HAS"]["text"] = "#define JN_HAS(type, p, m) 1\n"


def lower_the_minor_s_major(d):
    d.raw["major"] = 2


# (edit, does a compiler see it in the headers?)
BREAKING = [(insert_member, True), (reorder_members, True), (change_width, True),
            (change_constant, True), (change_error_code, True), (rename_function, True),
            (remove_function, True), (change_signature, True), (change_return, True),
            (change_id, True), (remove_interface, True), (grow_frozen, True),
            (change_thread, False), (change_owner, False), (make_mandatory, False),
            (reuse_value, False), (add_without_minor, False), (add_mandatory, False),
            (add_to_the_past, False), (new_error_of_a_host_function, False),
            (forget_an_error, False), (change_macro, False), (lower_the_minor_s_major, False)]


def next_minor(d):
    d.raw["minor"] = 1
    d.constant("JN_ABI_MINOR")["value"] = 1


def grow_everything(d):
    d.raw = grow.grow(d.raw)


def reword(d):
    d.member("jn_event", "type")["doc"] = "said in other words"
    d.member("jn_webhook", "handle")["doc"] = "Also in other words."


def append_a_constant(d):
    next_minor(d)
    d.group("JN_ALG_ED25519").append(
        {"name": "JN_ALG_ECDSA_P256", "value": 17, "unsigned": True, "since": "1.1"})


def append_a_function(d):
    next_minor(d)
    d.members("jn_json").append(dict(grow.grown_members(d.items("struct")["jn_json"])[0]))


def a_connector_may_fail_in_a_new_way(d):
    d.member("jn_fields", "list")["errors"] += "; JN_E_CONFLICT while the account moves"


LEGAL = [grow_everything, reword, append_a_constant, append_a_function,
         a_connector_may_fail_in_a_new_way]


def check(description, folder):
    path = folder / "edited.yaml"
    path.write_text(yaml.safe_dump(description.raw, sort_keys=False), encoding="utf-8")
    run = subprocess.run([sys.executable, ABI / "check.py", path], capture_output=True, text=True)
    return path, run.returncode == 0, run.stdout.strip()


def compiles(path, folder):
    """Does the released lock hold for the edited headers?"""
    made = subprocess.run([sys.executable, ABI / "generate.py", "--headers-only", "--description",
                           path, folder], capture_output=True, text=True)
    if made.returncode != 0:
        return False
    command = ["g++", "-std=c++20", "-fsyntax-only", f"-I{folder / 'sdk/include'}",
               HERE / "abi_lock.cpp"]
    return subprocess.run(command, capture_output=True).returncode == 0


def expect(condition, text):
    if not condition:
        problems.append(text)


def main():
    with open(ABI / "v1.yaml", encoding="utf-8") as file:
        raw = yaml.safe_load(file)
    for edit, seen in BREAKING:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            edited = Description(copy.deepcopy(raw))
            edit(edited)
            path, passed, said = check(edited, folder)
            expect(not passed, f"{edit.__name__} passed")
            if seen:
                expect(not compiles(path, folder), f"{edit.__name__} compiled")
            print(f"{edit.__name__}: {said.splitlines()[0] if said else '(nothing)'}")
    for edit in LEGAL:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            edited = Description(copy.deepcopy(raw))
            edit(edited)
            path, passed, said = check(edited, folder)
            expect(passed, f"{edit.__name__} was refused: {said}")
            expect(compiles(path, folder), f"{edit.__name__} did not compile")
            print(f"{edit.__name__}: {said}")
    print("\n".join(problems) or
          f"{len(BREAKING)} breaking edits caught, {len(LEGAL)} legal ones pass")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
