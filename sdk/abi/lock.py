"""The layout lock: every fact of the released ABI that a binary connector relies on, one a line.
A line that is in the lock stays true for ever; a release adds lines."""
from abi import error_names, version


def facts(abi):
    """{name: fact}, in the order of the description. Drafts are no promise."""
    out = {"abi": f"{abi.major}.{abi.minor}"}
    drafts = draft_structs(abi)
    for group, value in abi.constants:
        since = value.get("since", group.get("since", "1.0"))
        out[f"constant {value['name']}"] = f"{value['value']} since {since}"
    for header in abi.headers:
        for item in header["items"]:
            if "alias" in item:
                out[f"alias {item['alias']}"] = item["type"]
            elif "verbatim" in item:
                out[f"verbatim {item['verbatim']}"] = " ".join(item["text"].split())
    for struct in abi.structs.values():
        if struct.name not in drafts:
            out.update(struct_facts(abi, struct))
    for interface in abi.interfaces:
        if interface["state"] != "draft":
            out[f"interface {interface['macro']}"] = (
                f"{interface['id']} {interface['table']} of the {interface['side']}"
                f" since {interface['since']}")
    for export in abi.exports:
        out[f"export {export['export']}"] = (
            f"{export['returns']} ({', '.join(export['params'])})"
            f" [{export['thread']}] owner: {export['owner']} since {export['since']}")
    return out


def draft_structs(abi):
    names = set()
    for header in abi.headers:
        if header.get("interface", {}).get("state") == "draft":
            names |= {item["struct"] for item in header["items"] if "struct" in item}
    return names


def struct_facts(abi, struct):
    rows, size = abi.layout(struct)
    kind = "grows" if abi.grows(struct) else f"frozen at {size}"
    out = {f"struct {struct.name}":
           f"{kind}, at first {abi.first_size(struct)} bytes, since {struct.since}"}
    for member, offset, bytes_ in rows:
        key = f"{struct.name}.{member.name}"
        if member.is_function:
            null = " may be NULL" if member.nullable else ""
            out[f"function {key}"] = (
                f"@{offset} {member.signature()} [{member.raw['thread']}]"
                f" owner: {' '.join(member.raw['owner'].split())}{null} since {member.since}")
            for name in error_names(member.raw):
                out[f"error {key} {name}"] = "may be returned"
        else:
            out[f"member {key}"] = f"@{offset}+{bytes_} {member.type} since {member.since}"
    return out


def read(path):
    out = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, fact = line.rstrip("\n").split(" = ", 1)
                out[name] = fact
    return out


HEAD = """\
# The released connector ABI, locked: see sdk/abi/CHANGELOG.md. Written by `check.py --release` at a
# release, never by hand. A line is never changed or removed; a release adds lines.
"""


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD)
        file.writelines(f"{name} = {fact}\n" for name, fact in lines.items())


def problems(locked, abi):
    """What of the description would break connectors or hosts that are out there."""
    now = facts(abi)
    released = version(locked["abi"])
    if abi.major != released[0]:
        yield f"the major is {abi.major}: that is another ABI with another entry point"
    if (abi.major, abi.minor) < released:
        yield f"the minor went back to {abi.minor}"
    for name, fact in locked.items():
        if name in ("abi", "constant JN_ABI_MINOR"):
            continue
        if name not in now:
            yield f"removed: {name} = {fact}"
        elif now[name] != fact:
            yield f"changed: {name}: {fact} -> {now[name]}"
    yield from addition_problems(locked, now, abi, released)
    yield from constant_problems(abi)


def addition_problems(locked, now, abi, released):
    host_structs = {interface["table"] for interface in abi.interfaces
                    if interface["side"] == "host"}
    for name, fact in now.items():
        if name in locked or name == "abi":
            continue
        kind, what = name.split(" ", 1)
        owner = what.split(".")[0]
        if kind == "error":
            table_is_new = f"function {what.split(' ')[0]}" not in locked
            if owner in host_structs and not table_is_new:
                yield f"added: {name}: older connectors do not expect it of this function"
            continue
        if " since " in fact and version(fact.rsplit(" since ", 1)[1]) <= released:
            yield f"added: {name} claims to be of a release that is out: {fact}"
        if f"struct {owner}" in locked and locked[f"struct {owner}"].startswith("frozen"):
            yield f"added: {name}: {owner} is embedded by value and never grows"
        if kind == "function" and f"struct {owner}" in locked and owner not in host_structs \
                and "may be NULL" not in fact and abi.interface_of(owner):
            yield f"added: {name} must be one that older connectors may lack (nullable: true)"
    newest = max((version(fact.rsplit(" since ", 1)[1]) for fact in now.values()
                  if " since " in fact), default=released)
    if newest > (abi.major, abi.minor):
        yield f"something is since {newest[0]}.{newest[1]}, but this is {abi.major}.{abi.minor}"


def constant_problems(abi):
    minors = {value["name"]: value["value"] for _, value in abi.constants}
    if (minors["JN_ABI_MAJOR"], minors["JN_ABI_MINOR"]) != (abi.major, abi.minor):
        yield "JN_ABI_MAJOR and JN_ABI_MINOR are not what the description is"
    for header in abi.headers:
        for item in header["items"]:
            if "values" not in item or "JN_ABI_MAJOR" in [each["name"] for each in item["values"]]:
                continue
            seen = {}
            for value in item["values"]:
                if value["value"] in seen:
                    yield f"{value['name']} has the value of {seen[value['value']]}"
                seen[value["value"]] = value["name"]
