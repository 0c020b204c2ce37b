"""The connector ABI as described in v1.yaml: reading it, and what follows from it."""
import re

import yaml

SIZES = {"uint32_t": 4, "int32_t": 4, "uint64_t": 8, "int64_t": 8, "size_t": 8, "double": 8,
         "jn_status": 4}
MEMBER_ROW = ("name", "offset", "size", "type")


def version(text):
    major, minor = str(text).split(".")
    return int(major), int(minor)


class Member:
    """A member of a struct: data, or a function pointer."""

    def __init__(self, raw, struct):
        self.is_function = "function" in raw
        self.name = raw["function"] if self.is_function else raw["member"]
        self.raw = raw
        self.doc = raw.get("doc", "")
        self.since = str(raw.get("since", struct.since))
        self.nullable = bool(raw.get("nullable"))
        self.type = "function" if self.is_function else raw["type"]

    def signature(self):
        return f"{self.raw['returns']} ({', '.join(self.raw['params'])})"


class Struct:
    def __init__(self, raw):
        self.name = raw["struct"]
        self.doc = raw.get("doc", "")
        self.since = str(raw.get("since", "1.0"))
        self.frozen = bool(raw.get("frozen"))
        self.members = [Member(each, self) for each in raw["members"]]
        self.functions = [each for each in self.members if each.is_function]


class Abi:
    def __init__(self, raw):
        self.raw = raw
        self.major, self.minor = raw["major"], raw["minor"]
        self.headers = raw["headers"]
        self.structs = {}
        self.constants = []  # (group, value)
        self.exports = []
        self.interfaces = []
        for header in self.headers:
            for item in header["items"]:
                if "struct" in item:
                    self._add(Struct(item))
                elif "values" in item:
                    self.constants += [(item, value) for value in item["values"]]
                elif "export" in item:
                    self.exports.append(item)
            if "interface" in header:
                self.interfaces.append(header["interface"])

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            return Abi(yaml.safe_load(file))

    def _add(self, struct):
        if struct.name in self.structs:
            raise ValueError(f"{struct.name} is described twice")
        names = [member.name for member in struct.members]
        if len(set(names)) != len(names):
            raise ValueError(f"{struct.name} has a member twice")
        self.structs[struct.name] = struct

    def size_of(self, member):
        if member.is_function or member.type.endswith("*"):
            return 8
        count = re.search(r"\[(\d+)\]$", member.name)
        kind = SIZES.get(member.type) or self.layout(self.structs[member.type])[1]
        return kind * (int(count[1]) if count else 1)

    def align_of(self, member):
        if member.is_function or member.type.endswith("*"):
            return 8
        return SIZES.get(member.type, 8)

    def layout(self, struct, until=None):
        """[(member, offset, size)] and the whole size, on 64-bit machines. Padding is an error."""
        rows, offset = [], 0
        for member in struct.members:
            if until and version(member.since) > version(until):
                continue
            if offset % self.align_of(member):
                raise ValueError(f"{struct.name}.{member.name} stands behind padding")
            rows.append((member, offset, self.size_of(member)))
            offset += rows[-1][2]
        if offset % max(self.align_of(member) for member, _, _ in rows) and not until:
            raise ValueError(f"{struct.name} ends in padding")
        return rows, offset

    def first_size(self, struct):
        """Its size in the release that brought it: what a reader may always demand."""
        return self.layout(struct, until=struct.since)[1]

    def grows(self, struct):
        return not struct.frozen and struct.members[0].name == "struct_size"

    def interface_of(self, struct_name):
        return next((each for each in self.interfaces if each["table"] == struct_name), None)

    def header_of(self, struct_name):
        return next(header for header in self.headers
                    if any(item.get("struct") == struct_name for item in header["items"]))


def error_names(function):
    return sorted(set(re.findall(r"JN_E_\w+", function["errors"])))
