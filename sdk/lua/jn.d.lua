---@meta jn
-- Definitions of Junctor's rule API for editors (Lua Language Server). Not run by anything.
-- README.md in this folder explains; the tests in tests/unit/script prove it.

---A JSON value as rules read it: null is nil, whole numbers are exact, numbers beyond 64 bits and
---unsigned ones beyond int64 are decimal texts, arrays and objects are read-only views.
---@alias jn.Json nil|boolean|integer|number|string|jn.View

---A read-only array or object of the event. Absent members are nil, and members of nil are nil
---too: `ev.a.b.c` never fails. `#v` is its length, `pairs` and `ipairs` walk it in document order
---(and past nulls). It cannot be kept for a later event.
---@class jn.View
---@field [string|integer] any

---The event as routes see it. Any other name is looked up in `data`, then in `payload`.
---@class jn.Event
---@field id string                  Junctor's id, "evt_…"
---@field type string                dotted, "ticket.opened"
---@field source string              the connector, "github"
---@field integration string
---@field tenant string
---@field occurred_at string?        RFC 3339, UTC
---@field received_at string         RFC 3339, UTC
---@field actor jn.Json
---@field resource { type: string?, id: string? }
---@field data jn.Json               canonical object, if a connector or normalizer made one
---@field payload jn.Json            what the provider sent
---@field metadata jn.Json
---@field [string] any

---What a handler may know besides the event. There is no clock and no I/O: every run can be
---repeated with the same result.
---@class jn.Ctx
---@field id string
---@field type string
---@field source string
---@field integration string
---@field tenant string
---@field received_at string
---@field occurred_at string?
---@field actor jn.Json
---@field resource { type: string?, id: string? }
---@field data jn.Json               what the connector made, before this normalizer
---@field metadata jn.Json
---@field rand fun(): number         in [0, 1); seeded by the event's id
---@field lookup fun(table: string, key: string|integer|nil): jn.Json  as jn.lookup
---@field local_hour fun(zone: string?): integer  hour 0-23 of the receipt, at "UTC" or "+02:00"

---A condition on one field. A text with `*` or `{a,b}` is a pattern (`\` takes the next character
---as it is); a list means one of these; several operators in one table must all hold.
---@alias jn.Condition string|number|boolean|jn.Null|jn.Condition[]|jn.Operators

---@class jn.Operators
---@field any jn.Condition?             an array with such an element
---@field gt number|string|nil
---@field ge number|string|nil
---@field lt number|string|nil
---@field le number|string|nil
---@field exists boolean?               present and not null
---@field cidr string|string[]|nil      an IP address in one of these networks
---@field not_ jn.Condition?            does not match, or is absent

---Field name (a path like "requester.email", "commits.1.id") = condition; all must hold. Or the
---short form "source/type", as in "github/pull_request.*" or "*/ticket.*".
---@alias jn.When string|table<string, jn.Condition>

---@class jn.Normalizer
---@field version integer?
---@field accepts string|{ source: string|string[]|nil, integration: string|string[]|nil, type: string|string[]|nil, has: string|string[]|nil }
---@field emits string|string[]|nil     patterns of the types it may make; others are errors
---@field event fun(ev: any, ctx: jn.Ctx): jn.Normalized?

---@class jn.Normalized
---@field type string?                  default: the event's type
---@field at string|number|nil          when it happened: RFC 3339 text, Unix seconds or milliseconds
---@field occurred_at string|number|nil the same as `at`
---@field resource { type: string?, id: string|integer|nil }?
---@field actor any
---@field id string|integer|nil         stays in the data; also the resource's id if `resource` is absent
---@field [string] any                  the canonical data

---@class jn.Rule
---@field name string?                  unique in its table; default "#<position>"
---@field priority integer?             higher first; equal ones as written
---@field when jn.When?                 default: every event
---@field where (fun(ev: jn.Event, ctx: jn.Ctx): boolean?)?  asked after `when`
---@field to string|(string|jn.Target)[]|nil
---@field key string?                   path whose value orders the deliveries
---@field drop string?                  reason; instead of `to`
---@field stop boolean?                 no further rules of this table
---@field priority_class 'urgent'|'normal'|'bulk'|nil  what goes first at a busy destination; default normal
---@field latest_only boolean?          not sent once a newer event of its resource was seen

---@class jn.Route
---@field version integer?
---@field fanout "all"|"first"|nil      default "all"
---@field rules jn.Rule[]
---@field otherwise string|(string|jn.Target)[]|nil  if no rule matched
---@field latest_only boolean?          of all its rules

---@class jn.Target
---@field [1] string        the destination
---@field map string?       mapping that makes what is sent, "connector/object"

---A transform of the mapping format: a name, or a table of one ({ e164 = "CZ" }); the helpers
---jn.lower, jn.email, jn.number, jn.time, jn.iso8601, jn.unix_ms and jn.e164 stand for theirs.
---@alias jn.Transform string|table|function

---@class jn.MapField
---@field [1] string                    path at the provider
---@field using jn.Transform|jn.Transform[]|nil
---@field dir "in"|"out"|"both"|nil     default "both"
---@field owner "remote"|"local"|nil    whose value wins
---@field key boolean?                  finds the same object on the other side
---@field required boolean|"to_external"|"from_external"|nil
---@field max integer?                  characters of the provider's text
---@field default any
---@field constant any
---@field canonical string|string[]|nil path of ours, if it is not the field's name
---@field also_read string|string[]|nil
---@field note string?

---@class jn.MapSection
---@field object string?                the provider's name of the object
---@field fields table<string, string|jn.MapField>
---@field envelope table?
---@field samples table[]?
---@field owner "remote"|"local"|nil

---@class jn.Mapping
---@field entity "contact"|"ticket"|"company"|"deal"|"message"
---@field version integer?
---@field description string?
---@field after_in (fun(ours: table, theirs: table): table?)?
---@field after_out (fun(theirs: table, ours: table): table?)?
---@field [string] jn.MapSection        by connector

---@class jn.Null

---@class jn
---@field null jn.Null                  JSON null, in results and conditions
jn = {}

---Declares a normalizer.
---@param normalizer jn.Normalizer
---@return jn.Normalizer
function jn.normalize(normalizer) end

---Declares a table of routes.
---@param route jn.Route
---@return jn.Route
function jn.route(route) end

---A durable flow: steps that are remembered. Its function runs from the start whenever it is
---resumed (after a step, a crash, a restart); finished steps give their answers at once and are never
---done again. So it must do the same whenever it runs: it may depend on the event and on answers of
---steps alone. Steps that fail are tried again as `retry` says; then the delivery is a dead letter.
---@class jn.Flow
---@field name string
---@field version integer?
---@field when jn.When                  events that start it
---@field key string?                   path whose value puts its runs in order
---@field retry string[]?               waits before a failing step's tries: { "0s", "5s", "5m" }
---@field llm { tokens_per_day: integer?, money_per_day: string? }?  what it may spend on models a day
---@field run fun(event: jn.Event, f: jn.F): any

---Declares a durable flow.
---@param flow jn.Flow
---@return jn.Flow
function jn.flow(flow) end

---In a flow: runs the functions, each with steps of its own, and carries out side by side what they
---lack. A table of what they return, by their names (at most 16).
---@param branches table<string|integer, fun(): any>
---@return table
function jn.all(branches) end

---@class jn.StepOptions
---@field optional boolean?             a failure gives nil and why, instead of ending the flow
---@field tries integer?                before it has failed; default 1 if optional, else as `retry` says
---@field timeout string|integer|nil    "10s" or seconds; of calls
---@field cache string|integer|nil      an answer to the same arguments that is no older will do

---The steps of a flow. Called with a dot: f.call(…).
---@class jn.F
jn.F = {}

---Posts the body as JSON to a destination, signed; its JSON answer (or text). Repetitions after a
---crash carry the same `webhook-id`.
---@param destination string
---@param body any
---@param options jn.StepOptions?
---@return any
---@return string?
function jn.F.call(destination, body, options) end

---Lets an integration's connector act; what the provider answered.
---@param integration string
---@param action string
---@param params table?
---@param options jn.StepOptions?       without timeout
---@return any
---@return string?
function jn.F.act(integration, action, params, options) end

---Asks a model (the integration's action "chat"): { model, prompt, system } or { model, messages }.
---@param integration string
---@param request table
---@param options jn.StepOptions?       without timeout
---@return { text: string, json: any, usage: any }?
---@return string?
function jn.F.llm(integration, request, options) end

---@param duration string|integer       "5m", "2h", "3d" or seconds; at most a year
function jn.F.sleep(duration) end

---The next event of the tenant that matches, or nil and "timeout". Events count from when the step
---before this one began: an answer that comes at once is not missed.
---@param pattern string|{ type: string, source: string?, integration: string?, where: table<string, string|number|boolean>? }
---@param options { timeout: string|integer|nil }?  default "1d"
---@return { id: string, type: string, source: string, resource: table, data: any, payload: any }?
---@return string?
function jn.F.wait(pattern, options) end

---A new event of the tenant, which goes through its rules; its id. Never twice, and at most 8 hops.
---@param event { type: string, data: any, payload: any, resource: { type: string?, id: string? }?, metadata: table? }
---@return string
function jn.F.emit(event) end

---A value the tenant's flows keep, or nil.
---@param key string
---@return any
function jn.F.get(key) end

---Keeps a value for the tenant's flows, at most 64 KiB; nil removes it.
---@param key string
---@param value any
function jn.F.set(key, value) end

---Declares tests, in a file of its own: tests/NAME.lua, or x_test.lua beside x.lua.
---@param tests { [1]: string, [2]: fun(t: jn.T) }[]
---@return table
function jn.tests(tests) end

---What a test is given. Called with a dot: t.eq(…).
---@class jn.T
jn.T = {}

---Equal as JSON, tables member by member.
---@param got any
---@param expected any
---@param what string?
function jn.T.eq(got, expected, what) end

---@param value any
---@param what string?
function jn.T.ok(value, what) end

---f raises an error whose text holds `text`; returns it.
---@param f fun()
---@param text string?
---@return string
function jn.T.fails(f, text) end

---The event that the normalizers make, and whether one did. `event` gives type, source,
---integration, received_at, metadata.
---@param payload any
---@param event table?
---@return table
---@return boolean
function jn.T.normalize(payload, event) end

---Where the event would go.
---@param event table
---@return { to: string[], targets: table[], dropped: boolean, reason: string?, route: string? }
function jn.T.route(event) end

---A flow from its start to its end. answers["call crm"] (kind and target) or answers.call is a step's
---answer, or a function of the step that gives it (or nil and an error); false = it fails. Steps of
---call, act and llm need one.
---@param name string
---@param event table
---@param answers table<string, any>?
---@return { result: any, steps: { key: string, kind: string, to: string, body: any, result: any, error: string? }[], dead: string? }
function jn.T.flow(name, event, answers) end

---One object through a mapping, and the issues.
---@param name string          "connector/object", or the connector if the rules declare one of it
---@param direction "in"|"out"
---@param object table
---@return table
---@return table[]
function jn.T.map(name, direction, object) end

---Fails if anything of our object does not come back.
---@param name string
---@param object table
function jn.T.roundtrip(name, object) end

---The parts joined by ":"; nil if a part is nil or "".
---@param ... string|integer|nil
---@return string?
function jn.id(...) end

---RFC 3339 in UTC with milliseconds. Takes ISO 8601 texts, Unix seconds and Unix milliseconds.
---@param value any
---@param fallback any
---@return string?
function jn.time(value, fallback) end

---The same as jn.time.
---@param value any
---@return string?
function jn.iso8601(value) end

---@param value any
---@return integer?
function jn.unix_ms(value) end

---At most so many characters.
---@param text string|number|nil
---@param characters integer
---@return string?
function jn.clip(text, characters) end

---names[value], else names[lower case of value], else value itself (lower case) if it is one of the
---results, else the default.
---@generic T
---@param names table<any, T>
---@param value any
---@param default T?
---@return T?
function jn.enum(names, value, default) end

---The address in lower case, without a display name; nil if it is none.
---@param text any
---@return string?
function jn.email(text) end

---The results of f over a list, nil ones left out. f may name a field: jn.map(ev.labels, "name").
---With a table alone it declares a mapping (jn.Mapping), at the top level.
---@overload fun(mapping: jn.Mapping): jn.Mapping
---@param list any[]|jn.View|nil
---@param f string|fun(item: any): any
---@return any[]?
function jn.map(list, f) end

---The provider's object, and a list of what was lost, clipped or refused. In handlers only.
---@param name string          "connector/object"
---@param object table|jn.View|nil
---@return table?
---@return { kind: string, field: string, path: string, detail: string }[]
function jn.to_external(name, object) end

---Our object of the provider's, likewise.
---@param name string
---@param object table|jn.View|nil
---@return table?
---@return { kind: string, field: string, path: string, detail: string }[]
function jn.from_external(name, object) end

---The phone number as E.164, or nil. With a country alone, e164("CZ"): a transform.
---@param text string?
---@param country string?      two letters, of numbers without a code
---@return any
function jn.e164(text, country) end

---Words of ours and the provider's. As a transform in jn.map; called, it translates:
---stage("lead") is theirs, stage("Lead", "in") ours, nil if there is none.
---@param words table<string, any>
---@return fun(word: any, direction: "in"|nil): any
function jn.bimap(words) end

---Is the member there, be it null? Reading gives nil for null and for what is absent.
---@param object table|jn.View|nil
---@param name string
---@return boolean
function jn.has(object, name) end

---The value under a key of the tenant's table (tables/NAME.json), or nil. In handlers only.
---@param table string
---@param key string|integer|nil
---@return jn.Json
function jn.lookup(table, key) end

---The first value that is neither nil, jn.null nor "".
---@param ... any
---@return any
function jn.first(...) end

---A new table with those members.
---@param object table|jn.View|nil
---@param ... string
---@return table
function jn.pick(object, ...) end

---The table itself, written as a JSON array even when empty. Without a marker an empty table is an
---empty object.
---@param list any[]?
---@return any[]
function jn.array(list) end

---Iterates over an own table in the order of its (text) keys. `pairs` has no stable order there.
---@generic V
---@param t table<string, V>
---@return fun(): string, V
function jn.sorted(t) end

---Lower case of ASCII letters; nil for what is no text or number.
---@param text string|number|nil
---@return string?
function jn.lower(text) end

---The number, also of numeric text; nil for anything else.
---@param value any
---@return number|integer|nil
function jn.number(value) end

---SHA-256 in hex.
---@param text string
---@return string
function jn.hash(text) end

---A line of the trace (at most 50 an event); without a trace it goes nowhere.
---@param ... any
function jn.log(...) end
