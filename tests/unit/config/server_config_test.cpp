#include <catch2/catch.hpp>

#include "config/load.h"
#include "support/temp_folder.h"

using junctor::config::Environment;
using junctor::config::loadServerConfig;
using junctor::config::Problems;
using junctor::config::ServerConfig;
using junctor::testing::TempFolder;

namespace {

std::vector<std::string> described(const Problems& problems, const std::string& folder = "") {
  std::vector<std::string> lines;
  for (const auto& problem : problems) {
    std::string line = junctor::config::format(problem);
    if (!folder.empty() && line.starts_with(folder)) line.erase(0, folder.size() + 1);
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("defaults need no file") {
  Problems problems;
  const ServerConfig config = loadServerConfig("", {}, {}, problems);
  CHECK(problems.empty());
  CHECK(config.data_dir == "./.junctor");
  CHECK(config.public_address == "0.0.0.0:8080");
  CHECK(config.admin_address == "127.0.0.1:8081");
  CHECK(config.store == "sqlite");
  CHECK(config.flow_workers == 1);
}

TEST_CASE("the shipped file loads and changes nothing; uncommented it loads too") {
  const std::string shipped = std::string(JUNCTOR_SOURCE_DIR) + "/config/junctor.yaml";
  Problems problems;
  const ServerConfig as_is = loadServerConfig(shipped, {}, {}, problems);
  CHECK(described(problems).empty());
  CHECK(as_is.public_address == ServerConfig{}.public_address);

  std::ifstream file(shipped);
  std::string line, text;
  while (std::getline(file, line)) {
    const bool setting = line.starts_with('#') && line.size() > 1 && line[1] != ' ' ? true
                         : line.starts_with("#  ")                                  ? true
                                                                                    : false;
    text += (setting ? line.substr(1) : "#") + "\n";
  }
  TempFolder folder;
  const ServerConfig written = loadServerConfig(folder.write("j.yaml", text), {}, {}, problems);
  CHECK(described(problems).empty());
  const ServerConfig defaults = loadServerConfig("", {}, {}, problems);
  CHECK(written.data_dir == defaults.data_dir);
  CHECK(written.public_address == defaults.public_address);
  CHECK(written.admin_address == defaults.admin_address);
  CHECK(written.log_format == defaults.log_format);
  CHECK(written.log_level == defaults.log_level);
  CHECK(written.flow_workers == defaults.flow_workers);
  CHECK(written.dedupe_window_hours == defaults.dedupe_window_hours);
  CHECK(written.connector_dirs == std::vector<std::string>{"/usr/lib/junctor/connectors"});
  CHECK(written.connector_roots.size() == 1);
  CHECK_FALSE(written.connectors_dev);
  CHECK(written.tls_key == "/etc/junctor/tls/key.pem");
}

TEST_CASE("lists in variables are separated by ':' and each list has its own items") {
  const std::string key = "ed25519." + std::string(43, 'A');
  Problems problems;
  const ServerConfig config = loadServerConfig("",
                                               {{"JUNCTOR_CONNECTORS_DIRS", "/a:/b"},
                                                {"JUNCTOR_CONNECTORS_ROOTS", key + ":" + key},
                                                {"JUNCTOR_CONNECTORS_DEV", "true"}},
                                               {}, problems);
  CHECK(described(problems).empty());
  CHECK(config.connector_dirs == std::vector<std::string>{"/a", "/b"});
  CHECK(config.connector_roots == std::vector<std::string>{key, key});
  CHECK(config.connectors_dev);
}

TEST_CASE("variables win over the file, flags over variables") {
  TempFolder folder;
  const std::string file = folder.write("j.yaml",
                                        "listeners:\n  public: {address: 1.1.1.1:1}\n"
                                        "  admin: {address: 127.0.0.1:1}\nlog: {format: json}\n"
                                        "connectors: {dirs: [/a]}\n");
  const Environment environment = {{"JUNCTOR_PUBLIC", "2.2.2.2:2"},
                                   {"JUNCTOR_ADMIN", "127.0.0.1:2"},
                                   {"JUNCTOR_LOG_LEVEL", "debug"},
                                   {"JUNCTOR_CONNECTORS_DIRS", "/b:/c"},
                                   {"JUNCTOR_DEMO_GITHUB_SECRET", "not ours"},
                                   {"JUNCTOR_CONFIG", "read by the caller"}};
  Problems problems;
  const ServerConfig config = loadServerConfig(
      file, environment, {{"listeners.public.address", "[::1]:3"}, {"data_dir", "/d"}}, problems);
  CHECK(described(problems).empty());
  CHECK(config.public_address == "[::1]:3");
  CHECK(config.admin_address == "127.0.0.1:2");
  CHECK(config.log_format == "json");
  CHECK(config.log_level == "debug");
  CHECK(config.data_dir == "/d");
  CHECK(config.connector_dirs == std::vector<std::string>{"/b", "/c"});
}

TEST_CASE("everything wrong with file, variables and flags is said at once") {
  TempFolder folder;
  const std::string file = folder.write("j.yaml",
                                        "listners: {}\n"
                                        "listeners:\n"
                                        "  public:\n"
                                        "    adress: 1.1.1.1:1\n"
                                        "    tls: {certificate: /c}\n"
                                        "  admin: {address: localhost}\n"
                                        "log: {format: xml, level: }\n"
                                        "log: {}\n"
                                        "workers: {flow: 0}\n"
                                        "connectors: {dirs: /a, roots: [ed25519.AAAA], dev: yes}\n"
                                        "limits: 5\n"
                                        "store: mysql://db/x\n");
  Problems problems;
  (void)loadServerConfig(file, {{"JUNCTOR_PUBLC", "x"}, {"JUNCTOR_WORKERS_FLOW", "two"}},
                         {{"log.levl", "info"}, {"limits.dedupe_window_hours", "721"}}, problems);
  const auto lines = described(problems, folder.path());
  const std::vector<std::string> wanted = {
      "j.yaml:8: log: duplicate key (first on line 7)",
      "j.yaml:1: listners: unknown key; did you mean 'listeners'?",
      "j.yaml:4: listeners.public.adress: unknown key; did you mean 'address'?",
      "j.yaml:6: listeners.admin.address: must be host:port, such as 127.0.0.1:8080 or [::1]:8080",
      "j.yaml:7: log.format: must be one of text, json",
      "j.yaml:7: log.level: has no value",
      "j.yaml:9: workers.flow: must be from 1 to 64",
      "j.yaml:10: connectors.dirs: must be a list",
      "j.yaml:10: connectors.roots[0]: must be a public key as ed25519.BASE64 "
      "(junctor connector key new)",
      "j.yaml:10: connectors.dev: must be true or false (yes, no, on, off and 1 are not read as "
      "such)",
      "j.yaml:11: limits: must be a map of keys",
      "j.yaml:12: store: must be sqlite, sqlite:/path/file.db or postgres://user@host/database",
      "JUNCTOR_WORKERS_FLOW: must be a whole number",
      "JUNCTOR_PUBLC: unknown variable; did you mean 'JUNCTOR_PUBLIC'?",
      "log.levl: unknown setting; did you mean 'log.level'?",
      "limits.dedupe_window_hours (command line): must be from 1 to 720",
      "listeners.public.tls: needs both certificate and key"};
  CHECK(lines == wanted);
}

TEST_CASE("where rules run is one of three words") {
  for (const char* word : {"auto", "process", "in-process"}) {
    Problems problems;
    const auto config = loadServerConfig("", {{"JUNCTOR_RULES_ISOLATION", word}}, {}, problems);
    CHECK(problems.empty());
    CHECK(config.rules_isolation == word);
  }
  TempFolder folder;
  Problems problems;
  (void)loadServerConfig(folder.write("j.yaml", "rules: {isolation: procces}\n"), {}, {}, problems);
  CHECK(described(problems, folder.path()) ==
        std::vector<std::string>{"j.yaml:1: rules.isolation: must be one of auto, process, "
                                 "in-process; did you mean 'process'?"});
}

TEST_CASE("addresses are host and port") {
  for (const char* address : {"0.0.0.0:8080", "localhost:0", "[::1]:65535", "junctor.local:1"}) {
    Problems problems;
    (void)loadServerConfig("", {{"JUNCTOR_PUBLIC", address}}, {}, problems);
    INFO(address);
    CHECK(described(problems).empty());
  }
  for (const char* address :
       {"", "8080", ":8080", "a:65536", "a:-1", "::1:80", "a:", "a:08", "a b:1", "http://a:80"}) {
    Problems problems;
    (void)loadServerConfig("", {{"JUNCTOR_PUBLIC", address}}, {}, problems);
    INFO(address);
    CHECK(problems.size() == 1);
  }
}

TEST_CASE("the two listeners cannot share an address") {
  Problems problems;
  (void)loadServerConfig("", {{"JUNCTOR_PUBLIC", "a:1"}, {"JUNCTOR_ADMIN", "a:1"}}, {}, problems);
  CHECK(problems.size() == 1);
}

TEST_CASE("a file that is not there is a problem") {
  Problems problems;
  (void)loadServerConfig("/nowhere/junctor.yaml", {}, {}, problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].file == "/nowhere/junctor.yaml");
}
