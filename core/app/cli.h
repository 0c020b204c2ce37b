#pragma once
// The command line. stdout carries data, stderr talk. Exit codes: 0 ok, 1 finding or failure,
// 2 usage, 78 bad configuration.
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/load.h"

namespace junctor::app {

int runCli(int argc, char** argv);

constexpr int kExitOk = 0;
constexpr int kExitFinding = 1;
constexpr int kExitUsage = 2;
constexpr int kExitConfig = 78;

// What every command gets: global options, resolved.
struct CliContext {
  config::Environment environment;
  std::string config_file;                                    // -c or JUNCTOR_CONFIG
  std::vector<std::pair<std::string, std::string>> settings;  // flags, as (key path, text)
  std::string data_dir;
  std::string server;  // --server or JUNCTOR_SERVER; "" = through the data directory
  std::string token;   // --token or JUNCTOR_TOKEN
  std::string tenant;  // --tenant or JUNCTOR_TENANT
  bool json = false;   // --output json
};

// A command: its exit code, or the error that ended it (InvalidArgument exits 2, others 1).
using CliAction = std::function<Result<int>(const CliContext&)>;

}  // namespace junctor::app
