#pragma once
// The interfaces the host offers to connectors, as tables of functions.
#include <junctor/junctor.h>

#include <string_view>

namespace junctor::plugin {

// The table of an interface id, or nullptr. Static.
const void* hostInterface(std::string_view id);

const jn_json& jsonService();
const jn_codec& codecService();
const jn_crypto& cryptoService();
const jn_log& logService();
// Over the ports of the call.
const jn_http& httpService();
const jn_kv_store& kvService();
const jn_secrets& secretsService();
const jn_metrics& metricsService();

}  // namespace junctor::plugin
