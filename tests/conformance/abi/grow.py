"""The description one minor on: every struct that may grow has grown, there is a new error code, a
new flag and a new interface. usage: grow.py DESCRIPTION OUTPUT"""
import sys

import yaml

NEXT = "1.1"


def grow(raw):
    raw["minor"] = 1
    for header in raw["headers"]:
        for item in header["items"]:
            if "struct" in item and not item.get("frozen"):
                item["members"] += grown_members(item)
            for value in item.get("values", []):
                if value["name"] == "JN_ABI_MINOR":
                    value["value"] = 1
            names = [value["name"] for value in item.get("values", [])]
            if "JN_E_DENIED" in names:
                item["values"].append({"name": "JN_E_GROWN", "value": -15, "doc": "new",
                                       "host": "fails the call", "since": NEXT})
    raw["headers"].append(new_interface())
    return raw


def grown_members(item):
    if not any("function" in member for member in item["members"]):
        return [{"member": "grown", "type": "uint64_t", "doc": "new", "since": NEXT}]
    return [{"function": "grown", "returns": "jn_status", "params": ["const jn_call *call"],
             "doc": "New. May be NULL.", "thread": "call", "owner": "nothing passes",
             "errors": "none", "nullable": True, "since": NEXT}]


def new_interface():
    function = {"function": "run", "returns": "jn_status",
                "params": ["const jn_call *call", "jn_instance *instance"], "doc": "New.",
                "thread": "call", "owner": "nothing passes", "errors": "JN_E_GROWN"}
    members = [{"member": "struct_size", "type": "uint32_t"},
               {"member": "reserved0", "type": "uint32_t"}, function]
    return {"header": "grown", "doc": "junctor.grown/1, new.\n", "includes": ["call", "types"],
            "interface": {"id": "junctor.grown/1", "macro": "JN_GROWN_ID", "side": "connector",
                          "state": "stable", "table": "jn_grown", "since": NEXT},
            "items": [{"struct": "jn_grown", "doc": "", "since": NEXT, "members": members}]}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        grown = grow(yaml.safe_load(file))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        yaml.safe_dump(grown, file, sort_keys=False, allow_unicode=True)
