#pragma once
// Model -> JSON, as the API shows it: snake_case, times as RFC 3339, secrets as references only.
#include <string>
#include <vector>

#include "admin/services.h"
#include "base/json_writer.h"
#include "model/catalog.h"
#include "model/delivery.h"
#include "model/event.h"
#include "model/step.h"
#include "oauth/keeper.h"
#include "plugin/connector.h"
#include "store/store.h"

namespace junctor::admin {

// These write the members of an object that is open, so that callers can add to it.
void writeEvent(JsonWriter& out, const Event& event);
void writeDelivery(JsonWriter& out, const Delivery& delivery);
void writeAttempts(JsonWriter& out, const std::vector<Attempt>& attempts);  // key "attempt_log"
void writeSteps(JsonWriter& out, const std::vector<Step>& steps);           // key "steps"
// Of a flow's delivery; others have none.
Result<std::vector<Step>> stepsOf(store::Store& store, const Delivery& delivery);
void writeRequest(JsonWriter& out, const RawRequest& request);
void writeToken(JsonWriter& out, const store::Token& token);
void writeLedger(JsonWriter& out, const store::Ledger& ledger);

void writeTime(JsonWriter& out, const char* key, int64_t unix_ms);          // null if 0
void writeJsonOr(JsonWriter& out, const char* key, std::string_view json);  // null if ""

// One object each, as text.
std::string eventJson(const Event& event);
std::string deliveryJson(const Delivery& delivery);
// Its status is that of its credential where nothing else is wrong.
std::string integrationJson(const Integration& integration, const std::string& public_address,
                            const std::string& problem, const oauth::Status& credential = {});
std::string destinationJson(const Destination& destination, const DestinationHealth& health);
std::string ruleJson(const RuleScript& rule);
// `runs_in` "" = not told.
std::string connectorJson(const plugin::Manifest& manifest, const std::string& runs_in);

}  // namespace junctor::admin
