#pragma once
// The functions behind routes(), one each. All run on worker threads (health and readiness on the
// reactor: they do not block) and may assume that caller, tenant, query names and body form have
// been checked.
#include "admin/route.h"

namespace junctor::admin {

using Answered = Result<net::HttpResponse>;

// system_routes.cpp
Answered health(Call& call);
Answered readiness(Call& call);
Answered metrics(Call& call);
Answered description(Call& call);
Answered system(Call& call);
Answered connectors(Call& call);
Answered connector(Call& call);
Answered reloadConnectors(Call& call);
Answered releaseConnector(Call& call);
// catalog_routes.cpp
Answered tenants(Call& call);
Answered tenant(Call& call);
Answered integrations(Call& call);
Answered integration(Call& call);
Answered disableIntegration(Call& call);
Answered enableIntegration(Call& call);
Answered createIntegration(Call& call);
Answered destinations(Call& call);
Answered pauseDestination(Call& call);
Answered resumeDestination(Call& call);
Answered rules(Call& call);
Answered apply(Call& call);
// action_routes.cpp
Answered actions(Call& call);
Answered act(Call& call);
Answered fieldsOf(Call& call);
Answered testIntegration(Call& call);
Answered authorizeIntegration(Call& call);
Answered revokeIntegration(Call& call);
Answered registerWebhook(Call& call);
Answered unregisterWebhook(Call& call);
// mapping_routes.cpp
Answered mappings(Call& call);
Answered showMapping(Call& call);
Answered putMapping(Call& call);
Answered removeMapping(Call& call);
Answered runMapping(Call& call);
// rule_routes.cpp
Answered ruleVersions(Call& call);
Answered ruleVersion(Call& call);
Answered draftRule(Call& call);
Answered publishRule(Call& call);
Answered rollbackRule(Call& call);
Answered releaseRules(Call& call);
Answered retireRule(Call& call);
Answered endShadow(Call& call);
Answered shadowReport(Call& call);
Answered testRule(Call& call);
Answered dryRun(Call& call);
Answered compareRule(Call& call);
// event_routes.cpp
Answered events(Call& call);
Answered event(Call& call);
Answered timeline(Call& call);
Answered replay(Call& call);
// delivery_routes.cpp
Answered deliveries(Call& call);
Answered delivery(Call& call);
Answered retry(Call& call);
Answered discard(Call& call);
Answered deadLetters(Call& call);
Answered replayDeadLetters(Call& call);
Answered ledger(Call& call);
// quota_routes.cpp
Answered limitsOf(Call& call);
Answered usage(Call& call);
// replay_routes.cpp
Answered replays(Call& call);
Answered createReplay(Call& call);
Answered replayStatus(Call& call);
Answered cancelReplay(Call& call);
Answered deadLetterCauses(Call& call);
// secret_routes.cpp
Answered tenantSecrets(Call& call);
Answered secrets(Call& call);
Answered putSecret(Call& call);
Answered removeSecret(Call& call);
Answered shredSecrets(Call& call);
Answered rotateTenantKey(Call& call);
Answered keys(Call& call);
Answered rotateFileKey(Call& call);
// audit_routes.cpp
Answered audit(Call& call);
// token_routes.cpp
Answered listTokens(Call& call);
Answered createToken(Call& call);
Answered revokeToken(Call& call);

}  // namespace junctor::admin
