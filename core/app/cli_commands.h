#pragma once
// The commands behind the command line, by file. Options are filled by cli.cpp.
#include <cstdint>
#include <string>
#include <vector>

#include "app/cli.h"
#include "base/json.h"

namespace junctor::app {

// cli_config.cpp
Result<int> serve(const CliContext& context);
Result<int> configCheck(const CliContext& context, const std::vector<std::string>& folders);
Result<int> configShow(const CliContext& context);
Result<int> applyTenants(const CliContext& context, const std::string& folder, bool dry_run);

// cli_connectors.cpp
Result<int> connectorList(const CliContext& context);
Result<int> connectorReload(const CliContext& context);
Result<int> connectorRelease(const CliContext& context, const std::string& id);
Result<int> connectorShow(const CliContext& context, const std::string& id);

// cli_rules.cpp
// `samples` stored events of the running server are run too; 0 = none, no server is needed.
Result<int> ruleCheck(const CliContext& context, const std::vector<std::string>& paths,
                      int samples);
Result<int> ruleTest(const CliContext& context, const std::vector<std::string>& paths);
Result<int> ruleApi(const CliContext& context, bool luacheckrc);

// cli_rule_run.cpp
struct RuleRunOptions {
  std::string path;   // tenant folder or script
  std::string event;  // evt_… of the running server, or a JSON file
  std::string type, source;
  std::string answers;  // JSON file: what steps of flows are answered; "" = none
};
Result<int> ruleRun(const CliContext& context, const RuleRunOptions& options);

Result<int> ruleRepl(const CliContext& context,
                     const RuleRunOptions& options);  // cli_rule_repl.cpp

// cli_send.cpp
struct SendOptions {
  std::string connector, event;
  std::string integration, payload_file, secret, url;
  int count = 1;
};
Result<int> send(const CliContext& context, const SendOptions& options);
// Signs and posts one; {"status", "event_id", "answer", "integration", "latency_us"}.
Result<Json> sendSample(const CliContext& context, const SendOptions& options);

// cli_listen.cpp
struct ListenOptions {
  std::string address = "127.0.0.1";
  int port = 9000;
  std::vector<std::string> secrets;
  int status = 200;
};
Result<int> listen(const CliContext& context, const ListenOptions& options);

// cli_events.cpp
struct EventFilter {
  std::string type, integration, source, since, until;
  int limit = 50;
};
Result<int> eventsList(const CliContext& context, const EventFilter& filter);
Result<int> eventsShow(const CliContext& context, const std::string& id);
Result<int> eventsTail(const CliContext& context, const EventFilter& filter);
Result<int> eventsReplay(const CliContext& context, const std::vector<std::string>& ids);
Result<int> ledger(const CliContext& context);
Result<int> usage(const CliContext& context);

// cli_deadletters.cpp
struct DeadLetterOptions {
  std::vector<std::string> ids;
  std::string destination, event, reason, fingerprint;
  bool all = false, causes = false;
  int64_t rate = 0;
  int limit = 50;
};
Result<int> deadLettersList(const CliContext& context, const DeadLetterOptions& options);
Result<int> deadLettersReplay(const CliContext& context, const DeadLetterOptions& options);
Result<int> deadLettersDiscard(const CliContext& context, const DeadLetterOptions& options);

// cli_destinations.cpp
Result<int> destinationList(const CliContext& context);
Result<int> destinationPause(const CliContext& context, const std::string& name, bool pause);

// cli_tokens.cpp
struct TokenOptions {
  std::string role = "viewer", expires, id;
};
Result<int> tokenCreate(const CliContext& context, const TokenOptions& options);
Result<int> tokenList(const CliContext& context);
Result<int> tokenRevoke(const CliContext& context, const TokenOptions& options);

// cli_audit.cpp
Result<int> auditList(const CliContext& context, int limit);
// Follows the chain here, whatever the server says of it.
Result<int> auditVerify(const CliContext& context);

// cli_doctor.cpp
Result<int> doctor(const CliContext& context);
Result<int> version(const CliContext& context);

}  // namespace junctor::app
