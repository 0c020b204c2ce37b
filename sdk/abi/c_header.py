"""C headers from the description, for people to read."""
import textwrap

WIDTH = 100


def comment(text, indent="", since=None):
    """One comment, filled to the width."""
    text = " ".join(text.split())
    if since:
        text = f"{text} Since\u00a0{since}.".strip()
    return fill(text, f"{indent}/* ", f"{indent}   ", " */")


def fill(text, first, rest, end):
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest,
                          break_long_words=False, break_on_hyphens=False)
    if len(lines[-1]) + len(end) > WIDTH:  # the end needs room: wrap a little narrower
        lines = textwrap.wrap(text, WIDTH - len(end), initial_indent=first, subsequent_indent=rest,
                              break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\u00a0", " ") + end


def with_comments(lines):
    """[(code, comment)] with the comments aligned; overlong ones continue below."""
    width = max((len(code) for code, doc in lines if doc), default=0)
    out = []
    for code, doc in lines:
        if not doc:
            out.append(code)
            continue
        start = code.ljust(width) + " /* "
        out.append(fill(doc, start, " " * len(start), " */"))
    return out


def declare(type_name, name):
    return f"{type_name}{name}" if type_name.endswith("*") else f"{type_name} {name}"


def call(start, params):
    """A signature, its parameters broken under the parenthesis where they do not fit."""
    line = f"{start}{', '.join(params)});"
    if len(line) <= WIDTH:
        return line
    lines, current = [], start
    for index, param in enumerate(params):
        piece = param + (");" if index == len(params) - 1 else ",")
        joined = current + ("" if current.endswith("(") else " ") + piece
        if len(joined) > WIDTH:
            lines.append(current)
            joined = " " * len(start) + piece
        current = joined
    return "\n".join(lines + [current])


def contract(raw, since, indent):
    thread = f"[{raw['thread']}]" + (f", {raw['thread_note']}" if raw.get("thread_note") else "")
    parts = [f"Thread: {thread}. Owner: {raw['owner']}.",
             f"Errors: {raw['errors']}. Since\u00a0{since}."]
    inner = indent + "   "
    doc = fill(" ".join(raw["doc"].split()), f"{indent}/* ", inner, "")
    whole = f"{inner}{' '.join(parts)} */"
    if len(whole) <= WIDTH:
        return doc + "\n" + whole.replace("\u00a0", " ")
    return "\n".join([doc, fill(parts[0], inner, inner, ""), fill(parts[1], inner, inner, " */")])


def member_lines(struct, member):
    if member.is_function:
        raw = member.raw
        return contract(raw, member.since, "  ") + "\n" + call(
            f"  {declare(raw['returns'], '')}(*{member.name})(", raw["params"])
    return f"  {declare(member.type, member.name)};"


def struct_text(abi, struct, forward):
    doc = f"{struct.doc} Frozen: embedded by value.".strip() if struct.frozen else struct.doc
    out = [comment(doc, since=None if struct.frozen else struct.since)]
    own_name = any(f"const {struct.name} *" in param for member in struct.functions
                   for param in member.raw["params"])
    if own_name and not forward:
        out.append(f"typedef struct {struct.name} {struct.name};")
    split = own_name or forward
    out.append(f"struct {struct.name} {{" if split else f"typedef struct {struct.name} {{")
    block, blocks = [], []
    for member in struct.members:
        if member.is_function:
            if block:
                blocks.append("\n".join(with_comments(block)))
                block = []
            blocks.append(member_lines(struct, member))
        else:
            doc = " ".join(member.doc.split())
            if member.since != struct.since:
                doc = f"{doc} (since {member.since})".strip()
            block.append((member_lines(struct, member), doc))
    if block:
        blocks.append("\n".join(with_comments(block)))
    out.append("\n\n".join(blocks))
    out.append("};" if split else f"}} {struct.name};")
    return "\n".join(out)


def value_text(value):
    if value.get("unsigned"):
        return f"{value['value']}u"
    return f"({value['value']})" if value["value"] < 0 else str(value["value"])


def constants_text(item):
    lines = []
    for value in item["values"]:
        doc = value.get("doc", "")
        if str(value.get("since", "1.0")) != str(item.get("since", "1.0")):
            doc = f"{doc} (since {value['since']})".strip()
        lines.append((f"#define {value['name']} {value_text(value)}", doc))
    head = [comment(item["constants"])] if item["constants"] else []
    return "\n".join(head + with_comments(lines))


def item_text(abi, item, opaque):
    if "values" in item:
        return constants_text(item)
    if "struct" in item:
        return struct_text(abi, abi.structs[item["struct"]], item["struct"] in opaque)
    if "alias" in item:
        return comment(item["doc"]) + f"\ntypedef {item['type']} {item['alias']};"
    if "opaque" in item:
        doc = f" /* {item['doc']} */" if item.get("doc") else ""
        return f"typedef struct {item['opaque']} {item['opaque']};{doc}"
    if "export" in item:
        start = f"JN_EXPORT {declare(item['returns'], item['export'])}("
        return contract(item, item["since"], "") + "\n" + call(start, item["params"])
    return item["text"].rstrip()


def join_items(items, texts):
    """A blank line between items, but not between opaque types, nor after an alias's constants."""
    out = ""
    for index, text in enumerate(texts):
        if index:
            close = ("opaque" in items[index] and "opaque" in items[index - 1]) or \
                ("alias" in items[index - 1] and not items[index].get("constants", True))
            out += "\n" if close else "\n\n"
        out += text
    return out


def top_comment(header):
    lines = header["doc"].rstrip("\n").split("\n")
    first = textwrap.wrap(f"Junctor connector ABI v1: {lines[0]}", WIDTH - 3,
                          break_on_hyphens=False)
    body = first + lines[1:]
    rest = "".join(f"\n * {line}".rstrip(" ") for line in body[1:])
    return f"/* {body[0]}{rest} */"


def render(abi, header):
    name = header["header"].upper()
    opaque = {item["opaque"] for each in abi.headers for item in each["items"] if "opaque" in item}
    cpp_open = '#ifdef __cplusplus\nextern "C" {\n#endif'
    includes = [f'#include "{each}.h"' for each in header["includes"]]
    if not includes:
        includes = ["#include <stddef.h>", "#include <stdint.h>"]
    # Macros of the first header stand before any declaration.
    items = header["items"]
    macros = 0
    while macros < len(items) and not header["includes"] and (
            "values" in items[macros] or "verbatim" in items[macros]):
        macros += 1
    blocks = [f"#ifndef JUNCTOR_{name}_H\n#define JUNCTOR_{name}_H", "\n".join(includes)]
    if macros:
        blocks.append(join_items(items[:macros],
                                 [item_text(abi, each, opaque) for each in items[:macros]]))
    blocks.append(cpp_open)
    if "interface" in header:
        blocks.append(f"#define {header['interface']['macro']} \"{header['interface']['id']}\"")
    rest = items[macros:]
    blocks.append(join_items(rest, [item_text(abi, each, opaque) for each in rest]))
    blocks.append("#ifdef __cplusplus\n}\n#endif\n#endif")
    return top_comment(header) + "\n" + "\n\n".join(blocks) + "\n"


def render_all(abi):
    names = sorted(header["header"] for header in abi.headers)
    includes = "\n".join(f'#include "{name}.h"' for name in names)
    return ("/* Junctor connector ABI v1, all of it. A connector in C needs this header alone. */\n"
            "#ifndef JUNCTOR_JUNCTOR_H\n#define JUNCTOR_JUNCTOR_H\n\n"
            f"{includes}\n\n#endif\n")
