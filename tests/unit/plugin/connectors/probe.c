/* A connector in plain C that tests the host from the inside. The body names the check; a check
 * that fails ends the call with the line that saw it. */
#include <junctor/junctor.h>
#include <stdio.h>
#include <string.h>

static const jn_json* json;
static const jn_codec* codec;
static const jn_clock* clock_table;
static const jn_log* log_table;
static const jn_crypto* crypto;
static const jn_host* the_host;

static jn_str str(const char* text) {
  jn_str view;
  view.ptr = text;
  view.len = strlen(text);
  return view;
}

static int same(jn_str text, const char* expected) {
  return text.len == strlen(expected) && memcmp(text.ptr, expected, text.len) == 0;
}

static jn_status failed(const jn_call* call, const char* what, int line) {
  char message[256];
  jn_error error;
  memset(&error, 0, sizeof error);
  snprintf(message, sizeof message, "line %d: %s", line, what);
  error.struct_size = sizeof error;
  error.status = JN_E_INTERNAL;
  error.message = str(message);
  return call->fail(call, &error);
}

#define EXPECT(condition) \
  if (!(condition)) return failed(call, #condition, __LINE__)

static jn_status check_json(const jn_call* call, const jn_http_in* request) {
  const jn_str text =
      str("{\"a\":[1,2.5,\"x\\n\",true,null],\"big\":18446744073709551615,\"n\":-9,\"o\":{}}");
  jn_json_node root, node, again;
  jn_json_iter iter;
  jn_str view;
  int64_t i64 = 0;
  uint64_t u64 = 0;
  double f64 = 0;
  int32_t truth = 0;
  (void)request;
  EXPECT(json->parse(call, &text, &root) == JN_OK);
  EXPECT(json->type(&root) == JN_JSON_OBJECT && json->size(&root) == 4);
  EXPECT(json->get(&root, "n", 1, &node) && json->as_i64(&node, &i64) && i64 == -9);
  EXPECT(!json->as_u64(&node, &u64));
  EXPECT(json->get(&root, "big", 3, &node) && json->type(&node) == JN_JSON_UINT);
  EXPECT(json->as_u64(&node, &u64) && u64 == UINT64_MAX && !json->as_i64(&node, &i64));
  EXPECT(json->pointer(&root, "/a/2", 4, &node) && json->as_str(&node, &view) && same(view, "x\n"));
  EXPECT(json->pointer(&root, "/a/1", 4, &node) && json->as_f64(&node, &f64) && f64 == 2.5);
  EXPECT(json->pointer(&root, "/a/3", 4, &node) && json->as_bool(&node, &truth) && truth == 1);
  EXPECT(json->pointer(&root, "/a/4", 4, &node) && json->type(&node) == JN_JSON_NULL);
  EXPECT(json->pointer(&root, "", 0, &again) && json->type(&again) == JN_JSON_OBJECT);
  EXPECT(json->get(&root, "a", 1, &node) && json->size(&node) == 5);
  EXPECT(json->at(&node, 4, &again) && !json->at(&node, 5, &again));
  EXPECT(json->type(&again) == JN_JSON_ABSENT && json->size(&again) == 0);
  EXPECT(!json->get(&again, "x", 1, &again) && !json->as_str(&again, &view));
  memset(&iter, 0, sizeof iter);
  EXPECT(json->next(&root, &iter, &view, &node) && same(view, "a"));
  EXPECT(json->next(&root, &iter, &view, NULL) && same(view, "big"));
  EXPECT(json->next(&root, &iter, NULL, &node) && json->as_i64(&node, &i64));
  EXPECT(json->next(&root, &iter, &view, &node) && same(view, "o"));
  EXPECT(!json->next(&root, &iter, &view, &node) && view.len == 0);
  memset(&iter, 0, sizeof iter);
  EXPECT(!json->next(&node, &iter, &view, &node));
  EXPECT(json->dump(call, &root, &view) == JN_OK && view.ptr[view.len - 1] == '}');
  return JN_OK;
}

static jn_status check_nulls(const jn_call* call, const jn_http_in* request) {
  const jn_str lying = {NULL, 100};
  jn_json_node node;
  jn_str view;
  jn_map map;
  int64_t ms;
  (void)request;
  EXPECT(json->parse(NULL, &lying, &node) == JN_E_INTERNAL);
  EXPECT(json->parse(call, NULL, &node) == JN_E_INTERNAL);
  EXPECT(json->parse(call, &lying, NULL) == JN_E_INTERNAL);
  EXPECT(json->parse(call, &lying, &node) == JN_E_INVALID);
  EXPECT(json->type(NULL) == JN_JSON_ABSENT && json->size(NULL) == 0);
  EXPECT(!json->get(NULL, NULL, 7, NULL) && !json->at(NULL, 0, NULL));
  EXPECT(!json->next(NULL, NULL, NULL, NULL) && !json->as_i64(NULL, NULL));
  EXPECT(json->dump(call, NULL, &view) == JN_OK && same(view, "null"));
  EXPECT(json->write_begin(NULL) == NULL && json->write_end(NULL, &view) == JN_E_INTERNAL);
  json->write_open(NULL, JN_JSON_OBJECT);
  json->write_str(NULL, NULL, 3);
  EXPECT(codec->encode(call, JN_CODEC_HEX, NULL, &view) == JN_E_INTERNAL);
  EXPECT(codec->encode(call, JN_CODEC_HEX, &lying, &view) == JN_OK && view.len == 0);
  EXPECT(codec->form(call, NULL, &map) == JN_E_INTERNAL && codec->form(NULL, &lying, &map) < 0);
  EXPECT(codec->digest(call, JN_DIGEST_MD5, &lying, NULL) == JN_E_INTERNAL);
  EXPECT(clock_table->parse(call, NULL, &ms) == JN_E_INTERNAL);
  EXPECT(crypto->verify_mac(call, JN_ALG_HMAC_SHA1, NULL, 3, NULL) == JN_E_INTERNAL);
  EXPECT(call->fail(call, NULL) == JN_E_INTERNAL && call->alloc(NULL, 1, 1) == NULL);
  log_table->write(call, JN_LOG_INFO, NULL, NULL);
  the_host->log(the_host, JN_LOG_DEBUG, NULL, 5);
  return JN_OK;
}

static jn_status check_writer(const jn_call* call, const jn_http_in* request) {
  jn_json_writer* writer = json->write_begin(call);
  jn_json_node node;
  const jn_str source = str("{\"k\":[1, 2]}");
  jn_str text;
  (void)request;
  EXPECT(writer != NULL && json->parse(call, &source, &node) == JN_OK);
  json->write_open(writer, JN_JSON_OBJECT);
  json->write_key(writer, "s", 1);
  json->write_str(writer, "q\"\xff", 3);
  json->write_key(writer, "a", 1);
  json->write_open(writer, JN_JSON_ARRAY);
  json->write_i64(writer, INT64_MIN);
  json->write_u64(writer, UINT64_MAX);
  json->write_f64(writer, 0.5);
  json->write_bool(writer, 7);
  json->write_null(writer);
  json->write_node(writer, &node);
  json->write_node(writer, NULL);
  json->write_close(writer);
  json->write_close(writer);
  EXPECT(json->write_end(writer, &text) == JN_OK);
  EXPECT(same(text,
              "{\"s\":\"q\\\"\xef\xbf\xbd\",\"a\":[-9223372036854775808,18446744073709551615,"
              "0.5,true,null,{\"k\":[1,2]},null]}"));
  EXPECT(json->write_end(writer, &text) == JN_E_INVALID && text.len == 0);
  return JN_OK;
}

/* Each letter is one write; the whole is not one JSON value. */
static jn_status check_misuse(const jn_call* call, const jn_http_in* request) {
  const char* const wrong[] = {"",   "{",  "}",    "{}}", "[1}}", "{1}", "{k}", "{kk1}",
                               "k1", "11", "[k1]", "{}1", "[]]1", "?",   "[[]", "{k[}"};
  jn_str text;
  size_t i;
  const char* step;
  (void)request;
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
    jn_json_writer* writer = json->write_begin(call);
    EXPECT(writer != NULL);
    for (step = wrong[i]; *step; ++step) {
      if (*step == '{') json->write_open(writer, JN_JSON_OBJECT);
      if (*step == '[') json->write_open(writer, JN_JSON_ARRAY);
      if (*step == '?') json->write_open(writer, JN_JSON_STRING);
      if (*step == '}' || *step == ']') json->write_close(writer);
      if (*step == 'k') json->write_key(writer, "k", 1);
      if (*step == '1') json->write_i64(writer, 1);
    }
    EXPECT(json->write_end(writer, &text) == JN_E_INVALID && text.len == 0);
  }
  return JN_OK;
}

static jn_status check_limits(const jn_call* call, const jn_http_in* request) {
  const jn_str text = str("[1]");
  jn_json_writer* writers[17];
  jn_json_node node;
  jn_str out;
  size_t i, megabytes = 0;
  (void)request;
  for (i = 0; i < 16; ++i) EXPECT(json->parse(call, &text, &node) == JN_OK);
  EXPECT(json->parse(call, &text, &node) == JN_E_TOO_LARGE);
  for (i = 0; i < 17; ++i) writers[i] = json->write_begin(call);
  EXPECT(writers[15] != NULL && writers[16] == NULL);
  for (i = 0; i < 16; ++i) json->write_end(writers[i], &out);
  EXPECT(json->write_begin(call) != NULL);
  for (i = 1; i <= 4096; i *= 2) EXPECT((size_t)call->alloc(call, 3, i) % i == 0);
  EXPECT(call->alloc(call, 8, 3) == NULL && call->alloc(call, 8, 8192) == NULL);
  EXPECT(call->alloc(call, 8, 0) == NULL && call->alloc(call, SIZE_MAX, 1) == NULL);
  EXPECT(call->alloc(call, 0, 1) != NULL);
  while (call->alloc(call, 1 << 20, 16) != NULL) ++megabytes;
  EXPECT(megabytes >= 12 && megabytes <= 16);
  return JN_OK;
}

static jn_status check_codec(const jn_call* call, const jn_http_in* request) {
  const jn_str bytes = {"\xfb\xff\x00z", 4};
  const uint32_t kinds[] = {JN_CODEC_HEX, JN_CODEC_BASE64, JN_CODEC_BASE64URL, JN_CODEC_PERCENT};
  const char* const texts[] = {"fbff007a", "+/8Aeg==", "-_8Aeg", "%FB%FF%00z"};
  jn_str text, back;
  jn_map map;
  size_t i;
  (void)request;
  for (i = 0; i < 4; ++i) {
    EXPECT(codec->encode(call, kinds[i], &bytes, &text) == JN_OK && same(text, texts[i]));
    EXPECT(codec->decode(call, kinds[i], &text, &back) == JN_OK && back.len == 4);
    EXPECT(memcmp(back.ptr, bytes.ptr, 4) == 0);
  }
  text = str("+/8A");
  EXPECT(codec->decode(call, JN_CODEC_BASE64URL, &text, &back) == JN_E_INVALID && back.len == 0);
  text = str("abc");
  EXPECT(codec->decode(call, JN_CODEC_HEX, &text, &back) == JN_E_INVALID);
  EXPECT(codec->decode(call, 99, &text, &back) == JN_E_UNSUPPORTED);
  EXPECT(codec->encode(call, 99, &text, &back) == JN_E_UNSUPPORTED);
  EXPECT(codec->digest(call, 99, &text, &back) == JN_E_UNSUPPORTED);
  EXPECT(codec->digest(call, JN_DIGEST_SHA256, &text, &back) == JN_OK && back.len == 32);
  EXPECT((unsigned char)back.ptr[0] == 0xba);
  EXPECT(codec->digest(call, JN_DIGEST_MD5, &text, &back) == JN_OK && back.len == 16);
  text = str("a=1&&b=x+y%21&a=&novalue");
  EXPECT(codec->form(call, &text, &map) == JN_OK && map.len == 4);
  EXPECT(same(map.items[1].key, "b") && same(map.items[1].val, "x y!"));
  EXPECT(same(map.items[2].key, "a") && map.items[2].val.len == 0);
  EXPECT(same(map.items[3].key, "novalue") && map.items[3].val.len == 0);
  text = str("a=%G0");
  EXPECT(codec->form(call, &text, &map) == JN_E_INVALID && map.len == 0);
  text = str("");
  EXPECT(codec->form(call, &text, &map) == JN_OK && map.len == 0);
  return JN_OK;
}

static jn_status check_clock(const jn_call* call, const jn_http_in* request) {
  const char* const good[] = {"2026-03-02T09:15:30Z", "2026-03-02 09:15:30",
                              "2026-03-02T10:15:30+01:00", "2026-03-02T04:15:30.000000-0500",
                              "2026-03-02t09:15:30,000z"};
  const char* const bad[] = {"",
                             "2026-03-02",
                             "2026-02-30T09:15:30Z",
                             "2026-03-02T24:00:00Z",
                             "1772442930",
                             "2026-03-02T09:15:30.Z",
                             "2026-03-02T09:15:30+1",
                             "2026-03-02T09:15:30Zx"};
  jn_str text;
  int64_t ms;
  size_t i;
  EXPECT(clock_table->unix_ms(call) == request->received_ms);
  EXPECT(clock_table->mono_ns(call) <= call->deadline_ns);
  EXPECT(!call->cancelled(call));
  for (i = 0; i < 5; ++i) {
    text = str(good[i]);
    EXPECT(clock_table->parse(call, &text, &ms) == JN_OK && ms == 1772442930000);
  }
  for (i = 0; i < 8; ++i) {
    text = str(bad[i]);
    EXPECT(clock_table->parse(call, &text, &ms) == JN_E_INVALID && ms == 0);
  }
  return JN_OK;
}

/* RFC 8032 §7.1, test 2. */
static jn_status check_crypto(const jn_call* call, const jn_http_in* request) {
  const jn_str key_hex = str("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const jn_str sig_hex =
      str("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  const jn_str parts[2] = {{"", 0}, {"\x72", 1}};
  const jn_str other[1] = {{"\x73", 1}};
  jn_str key, sig;
  (void)request;
  EXPECT(codec->decode(call, JN_CODEC_HEX, &key_hex, &key) == JN_OK);
  EXPECT(codec->decode(call, JN_CODEC_HEX, &sig_hex, &sig) == JN_OK);
  EXPECT(crypto->verify_sig(call, JN_ALG_ED25519, &key, parts, 2, &sig) == JN_OK);
  EXPECT(crypto->verify_sig(call, JN_ALG_ED25519, &key, other, 1, &sig) == JN_E_SIGNATURE);
  EXPECT(crypto->verify_sig(call, JN_ALG_ED25519, &sig, parts, 2, &sig) == JN_E_INVALID);
  EXPECT(crypto->verify_sig(call, 99, &key, parts, 2, &sig) == JN_E_UNSUPPORTED);
  EXPECT(crypto->verify_mac(call, JN_ALG_HMAC_SHA256, parts, 2, &sig) == JN_E_SIGNATURE);
  EXPECT(crypto->verify_mac(call, 99, parts, 2, &sig) == JN_E_UNSUPPORTED);
  return JN_OK;
}

static jn_status check_host(const jn_call* call, const jn_http_in* request) {
  jn_map fields;
  jn_kv field;
  jn_str line = str("a line\nof the connector");
  int i;
  EXPECT(the_host->abi_major == JN_ABI_MAJOR && the_host->struct_size >= sizeof(jn_host));
  EXPECT(the_host->get_interface(the_host, "junctor.json/2") == NULL);
  EXPECT(the_host->get_interface(the_host, "") == NULL);
  EXPECT(the_host->get_interface(the_host, NULL) == NULL);
  EXPECT(the_host->get_interface(the_host, JN_JSON_ID) == json);
  EXPECT(call->flags & JN_CALL_NO_IO);
  EXPECT(same(call->tenant, "acme") && same(call->connection_id, "probe-1"));
  EXPECT(same(request->method, "POST") && same(request->query, "a=1&b=2"));
  EXPECT(request->headers.len == 2 && same(request->headers.items[1].val, "two"));
  field.key = str("key");
  field.val = str("value");
  fields.items = &field;
  fields.len = 1;
  for (i = 0; i < 100; ++i) log_table->write(call, JN_LOG_DEBUG, &line, &fields);
  return JN_OK;
}

static const struct {
  const char* name;
  jn_status (*run)(const jn_call*, const jn_http_in*);
} checks[] = {{"json", check_json},     {"nulls", check_nulls},   {"writer", check_writer},
              {"misuse", check_misuse}, {"limits", check_limits}, {"codec", check_codec},
              {"clock", check_clock},   {"crypto", check_crypto}, {"host", check_host}};

static jn_status handle(const jn_call* call, jn_instance* instance, const jn_http_in* request,
                        const jn_webhook_sink* sink) {
  jn_event event;
  size_t i;
  (void)instance;
  for (i = 0; i < sizeof checks / sizeof checks[0]; ++i) {
    if (!same(request->body, checks[i].name)) continue;
    memset(&event, 0, sizeof event);
    event.struct_size = sizeof event;
    event.type = str("passed");
    {
      const jn_status status = checks[i].run(call, request);
      return status == JN_OK ? sink->event(sink, &event) : status;
    }
  }
  return failed(call, "no such check", __LINE__);
}

static int the_instance;
static jn_status create(const jn_call* call, const jn_str* config, jn_instance** out) {
  (void)call;
  (void)config;
  *out = (jn_instance*)&the_instance;
  return JN_OK;
}
static void destroy(jn_instance* instance) {
  (void)instance;
}

static jn_status open_probe(const jn_plugin* self, const jn_host* host) {
  (void)self;
  the_host = host;
  json = (const jn_json*)host->get_interface(host, JN_JSON_ID);
  codec = (const jn_codec*)host->get_interface(host, JN_CODEC_ID);
  clock_table = (const jn_clock*)host->get_interface(host, JN_CLOCK_ID);
  log_table = (const jn_log*)host->get_interface(host, JN_LOG_ID);
  crypto = (const jn_crypto*)host->get_interface(host, JN_CRYPTO_ID);
  return json && codec && clock_table && log_table && crypto ? JN_OK : JN_E_UNSUPPORTED;
}

static const void* get_interface(const jn_plugin* self, const char* id) {
  static const jn_connector connector = {sizeof(jn_connector), 0, create, destroy, NULL};
  static const jn_webhook webhook = {sizeof(jn_webhook), 0, NULL, handle};
  (void)self;
  if (strcmp(id, JN_CONNECTOR_ID) == 0) return &connector;
  if (strcmp(id, JN_WEBHOOK_ID) == 0) return &webhook;
  return NULL;
}

const jn_plugin* junctor_plugin_v1(uint32_t host_abi_minor) {
  static const jn_plugin plugin = {
      sizeof(jn_plugin),
      JN_ABI_MAJOR,
      0,
      0,
      {JUNCTOR_CONNECTOR_ID, sizeof(JUNCTOR_CONNECTOR_ID) - 1},
      {JUNCTOR_CONNECTOR_VERSION, sizeof(JUNCTOR_CONNECTOR_VERSION) - 1},
      open_probe,
      NULL,
      get_interface};
  (void)host_abi_minor;
  return &plugin;
}
