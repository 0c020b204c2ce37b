#pragma once
// The commands for mappings; none of them needs a server.
#include <string>
#include <vector>

#include "app/cli.h"

namespace CLI {
class App;
}

namespace junctor::app {

struct MappingRunOptions {
  std::string mapping;    // file, or "connector/object" of those that are shipped
  std::string sample;     // JSON file
  std::string overrides;  // JSON file
  bool to = false, from = false;
};
// Exit 1 if a mapping has an error. Without paths: those that are shipped.
Result<int> mappingCheck(const CliContext& context, const std::vector<std::string>& paths);
Result<int> mappingList(const CliContext& context);
Result<int> mappingShow(const CliContext& context, const std::string& connector,
                        const std::string& object);
Result<int> mappingRun(const CliContext& context, const MappingRunOptions& options);

// The verbs, as a group of `app`. `chosen` is set when one is given.
void addMapping(CLI::App& app, CliAction& chosen);

}  // namespace junctor::app
