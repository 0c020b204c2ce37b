-- The sandbox's names, for luacheck: anything else is an error in the editor as it is at publish.
stds.junctor = {
  read_globals = {
    "assert", "error", "ipairs", "next", "pairs", "pcall", "select", "tonumber", "tostring", "type",
    string = { fields = { "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower",
                          "match", "rep", "reverse", "sub", "upper" } },
    table = { fields = { "concat", "insert", "remove", "sort", "unpack" } },
    math = { fields = { "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod",
                        "huge", "log", "max", "maxinteger", "min", "mininteger", "modf", "pi", "rad",
                        "sin", "sqrt", "tan", "tointeger", "type", "ult" } },
    utf8 = { fields = { "char", "charpattern", "codepoint", "len", "offset" } },
    jn = { fields = { "array", "clip", "email", "enum", "first", "hash", "id", "iso8601", "log",
                      "lower", "map", "normalize", "null", "number", "pick", "route", "sorted",
                      "time", "unix_ms" } },
  },
}
std = "junctor"
max_line_length = 120
unused_args = false
exclude_files = { "**/*.d.lua" }
