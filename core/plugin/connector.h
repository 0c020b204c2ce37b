#pragma once
// Connectors as the host sees them: a manifest (data) and instances (code behind the C ABI).
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "model/catalog.h"
#include "model/event.h"
#include "plugin/calls.h"
#include "plugin/declared.h"
#include "plugin/ports.h"
#include "trust/capabilities.h"

namespace junctor::plugin {

enum class BodyKind { Json, Form, Xml, Any };
enum class HandshakeKind { None, JsonEcho, QueryEcho };

// Where a value stands in a request: a header, a JSON pointer into the body, or a query parameter.
struct Place {
  std::string header, json, query;
};
// "header:NAME", "query:NAME", a JSON pointer "/a/b", or names joined by dots "a.b".
Result<Place> parsePlace(std::string_view text);

// Answered by the core, after verification, instead of storing an event.
struct Handshake {
  HandshakeKind kind = HandshakeKind::None;
  std::string when_json, equals;  // JsonEcho: pointer and value that announce it ("/type", …)
  std::string echo_json;          // JsonEcho: pointer of the value to send back; "" = none
  // JsonEcho: what is sent; {value} is that value, {proof} its MAC in hex under the secret that
  // verified the request. In JSON the value is escaped.
  std::string answer = "{value}";
  int status = 200;            // JsonEcho: of the answer
  std::string query;           // QueryEcho: parameter to send back
  std::string method = "GET";  // QueryEcho: of the request
  std::string token_query;     // QueryEcho: parameter that must be the setting `token_setting`
  std::string token_setting;
  std::string content_type = "text/plain";
};

struct Sample {
  std::string event;  // "pull_request.opened"
  std::string file;   // JSON file in share/junctor/samples/<connector>/
  Headers headers;    // beyond the signature; "{uuid}" is replaced by a fresh id
  std::vector<std::string>
      fresh;  // JSON pointers to ids that a sender makes new: texts or integers
};
// The sample's body with "{uuid}" replaced by `unique`, which is letters and digits, and every
// `fresh` string by one that ends in it, every integer by one made of it.
Result<std::string> freshBody(const Sample& sample, std::string_view body, std::string_view unique);

struct Manifest {
  std::string id, name, version, license, summary;
  std::string runtime;  // what its code brings along: c, c++, rust, go
  uint32_t abi_major = 1, abi_min_minor = 0;
  std::optional<crypto::SignatureScheme> signature;  // none: from settings, or custom verify
  bool signature_from_settings = false;        // generic: settings.signature, else `signature`
  bool signature_custom = false;               // the connector's verify() checks it
  std::vector<std::string> signature_headers;  // custom: they carry it and are not stored
  bool replies = false;                        // the connector answers the sender
  std::vector<Place> delivery_key;  // first that is present; settings may name others (generic)
  Handshake handshake;
  BodyKind body = BodyKind::Json;
  int success_status = 202;
  // Content type "" = the host's JSON answer; else exactly this body, which may be empty.
  std::string success_body, success_content_type;
  bool delivery_key_from_settings = false;  // generic: settings.delivery_key
  std::vector<std::string> interfaces;      // "junctor.webhook/1"
  std::vector<Sample> samples;
  std::vector<std::string> events;   // declared types, globs allowed
  trust::Capabilities capabilities;  // absent: nothing is allowed
  Declared declared;                 // actions, credentials, OAuth
  std::string json;                  // the whole manifest, as in the ELF note

  bool offers(std::string_view interface) const {
    return std::find(interfaces.begin(), interfaces.end(), interface) != interfaces.end();
  }
};

// What a connector wants the sender to hear.
struct Reply {
  int status = 200;
  Headers headers;
  std::string body;
};

// What a connector said of one raw request. Ids and times are filled in by the flow.
struct HandleResult {
  std::vector<Event> events;   // type, source_event_id, resource, actor_json, occurred_at_ms,
                               // data_json, payload_json, metadata_json, sequence are set
  std::optional<Reply> reply;  // of answer() alone; 2xx if there are events
};

// One configured use of a connector. Calls never overlap on one instance. What its connector does
// not offer is Unimplemented. Webhook functions and the two OAuth readers are CPU only, budget
// limits::kConnectorCallMs; the others may use the network, budget limits::kConnectorActionMs.
// Errors carry the connector's message, and retry_after if the provider named a time.
class Instance {
 public:
  virtual ~Instance() = default;
  // Announces a handle() of the same object, which stays as it is until then: an instance in
  // another process sends it ahead, so that several are in flight. Costs nothing in this process.
  // Begun calls are handled in the order of begin(), or not at all.
  virtual void begin(const RawRequest&) {}
  // Instead of handle(): somebody else will handle a begun request, and gets its answer.
  virtual void putOff(const RawRequest&) {}
  // `body` is the parsed body when it is JSON (so that it is parsed once; it must be a parse of
  // request.body), else invalid.
  virtual Result<HandleResult> handle(const RawRequest& request, JsonView body) = 0;
  // handle() of a request whose sender still waits (Manifest::replies): the connector may reply.
  virtual Result<HandleResult> answer(const RawRequest& request, JsonView body) = 0;
  // A signature that the manifest cannot describe. Unauthenticated: refuse the request.
  virtual Result<void> verify(const RawRequest& request, JsonView body,
                              const std::vector<std::string>& secrets);

  // InvalidArgument: unknown action, wrong parameters. options.record tells whether it may be
  // tried again.
  virtual Result<ActionResult> execute(const ActionRequest& action, const CallOptions& options);
  virtual Result<std::vector<Field>> listFields(const std::string& object,
                                                const CallOptions& options);
  virtual Result<Hook> subscribe(const HookRequest& request, const CallOptions& options);
  virtual Result<void> unsubscribe(const std::string& hook_id, const CallOptions& options);
  // NotFound: it is gone; subscribe anew. Unimplemented: hooks of this connector do not expire.
  virtual Result<Hook> renew(const Hook& hook, const CallOptions& options);
  virtual Result<std::vector<Hook>> listHooks(const CallOptions& options);
  // InvalidArgument: the cursor makes no sense any more; start over.
  virtual Result<PollResult> poll(const PollRequest& request, const CallOptions& options);
  // Unimplemented, each: the standard way.
  virtual Result<OauthParams> authorizeParams(const OauthStart& start, const CallOptions& options);
  virtual Result<OauthToken> parseToken(int http_status, const std::string& body,
                                        const CallOptions& options);
  virtual Result<OauthToken> refreshToken(const OauthToken& old, const CallOptions& options);
  virtual Result<OauthAccount> identify(const CallOptions& options);
  // Tries the connection with the provider.
  virtual Result<void> test(const std::string& params_json, const CallOptions& options);
};

class Connector {
 public:
  virtual ~Connector() = default;
  virtual const Manifest& manifest() const = 0;
  virtual const std::string& path() const = 0;
  // InvalidArgument names the settings key that is wrong.
  virtual Result<std::unique_ptr<Instance>> create(const Integration& integration) = 0;
  // As create(), but never waits for a connector in another process: its first call tells what is
  // wrong with the settings.
  virtual Result<std::unique_ptr<Instance>> createUnasked(const Integration& integration) {
    return create(integration);
  }
  // "in-process", or the process that runs it, how far it is locked in, what happened to it.
  virtual std::string runsIn() const { return "in-process"; }
  // A newer one took its place: what runs is finished, then resources are given back. Calls of
  // instances that are still held go on working.
  virtual void retire() {}
};

// How a connector's file becomes a Connector: in this process, or in one of its own. The manifest
// was read from the file's note; no code of it has run.
using Opener =
    std::function<Result<std::shared_ptr<Connector>>(Manifest manifest, const std::string& path)>;
// The library in this process. Lives until the process ends.
Opener openInProcess(const Clock& clock, const HostPorts& ports = {});
// For tools that only list: has a manifest, creates nothing, runs no code.
Opener openNothing();

// All connectors found: *.so in the given folders. Thread-safe.
class Registry {
 public:
  virtual ~Registry() = default;
  virtual std::shared_ptr<Connector> find(const std::string& id) const = 0;
  virtual std::vector<std::shared_ptr<Connector>> all() const = 0;  // by id
  // Files that were refused: (path, reason).
  virtual std::vector<std::pair<std::string, std::string>> refused() const = 0;
  // Reads the folders again. A new or changed file is opened before what it replaces is retired; if
  // it cannot be opened it is refused and the old one stays. A connector whose file is gone leaves.
  // Returns what changed, in words. One at a time.
  virtual std::vector<std::string> rescan() { return {}; }
  // Rises with every change: whoever keeps connectors or instances looks again.
  virtual uint64_t generation() const { return 0; }
};
// A file that cannot be loaded is listed as refused and logged; it never stops the others.
// The ports' uses pass a gate that enforces the manifest's capabilities.
std::unique_ptr<Registry> loadConnectors(const std::vector<std::string>& folders,
                                         const Clock& clock, const HostPorts& ports = {});

// As above, with each file opened as the composition wants it.
std::unique_ptr<Registry> loadConnectors(std::vector<std::string> folders, Opener opener);

// Code that lies in no folder of the package: somebody brought it in, and somebody checked it.
struct CheckedCode {
  std::string path;    // where it is read and mapped, good until the process ends
  std::string name;    // for people
  std::string digest;  // of its content: the same digest is the same code
};
struct CheckedCodes {
  std::vector<CheckedCode> found;
  std::vector<std::pair<std::string, std::string>> refused;  // name, reason
  // May code that ran before go on running, because what was to replace it cannot be opened?
  std::function<bool(const std::string& id, const std::string& digest)> may_stay;
};
// Asked at every scan. What it does not find any more leaves, whatever the reason.
using CheckedSource = std::function<CheckedCodes()>;
// The folders' connectors are opened by `opener`, the source's by `guest_opener`. An id belongs to
// the folders' first.
std::unique_ptr<Registry> loadConnectors(std::vector<std::string> folders, Opener opener,
                                         CheckedSource source, Opener guest_opener);

// Reads the manifest note of a .so without running any of its code.
Result<Manifest> readManifest(const std::string& path);

// The places that hold an integration's delivery key. For a connector whose manifest says
// "delivery_key_from": "settings" that is settings.delivery_key if it is there (a list of places as
// parsePlace reads them; [] = requests have no key, so no duplicates), else the manifest's.
// InvalidArgument names the settings key that is wrong.
Result<std::vector<Place>> effectiveDeliveryKey(const Manifest& manifest,
                                                const std::string& settings_json);

// The delivery key of a request: the first place that holds a text or number, "" if none does.
// Overlong keys and keys that are not clean text come as "sha256:" and their hash.
std::string deliveryKey(const std::vector<Place>& places, const Headers& headers,
                        std::string_view query, JsonView body);
std::string deliveryKey(const Manifest& manifest, const Headers& headers, std::string_view query,
                        JsonView body);

}  // namespace junctor::plugin
