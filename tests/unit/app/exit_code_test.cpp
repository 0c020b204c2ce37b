// The command line's exit codes: 2 usage, 78 bad configuration.
#include <catch2/catch.hpp>

#include "app/cli.h"
#include "support/temp_folder.h"

using junctor::testing::TempFolder;

namespace {

int run(std::vector<std::string> words) {
  words.insert(words.begin(), "junctor");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return junctor::app::runCli(static_cast<int>(arguments.size()), arguments.data());
}

std::string tls(const std::string& certificate, const std::string& key) {
  return "listeners: {public: {tls: {certificate: " + certificate + ", key: " + key + "}}}\n";
}

}  // namespace

TEST_CASE("certificates that cannot be used and stores that are unknown exit 78") {
  TempFolder folder;
  const std::string data = std::string(JUNCTOR_TEST_DATA) + "/tls/";
  const std::string garbage = folder.write("garbage.pem", "no certificate\n");
  for (const std::string& text :
       {tls("/nowhere.pem", "/nowhere.key"), tls(garbage, data + "good.key"),
        tls(data + "good.pem", garbage), tls(data + "good.pem", data + "expired.key"),
        std::string("store: mysql://db/junctor\n")}) {
    INFO(text);
    const std::string file = folder.write("junctor.yaml", text);
    const std::string place = folder.path() + "/data";
    CHECK(run({"config", "check", "-c", file}) == 78);
    CHECK(run({"serve", "-c", file, "--data-dir", place, "--public", "127.0.0.1:0", "--admin",
               "127.0.0.1:0"}) == 78);
  }
  const std::string good = folder.write("junctor.yaml", tls(data + "good.pem", data + "good.key"));
  CHECK(run({"config", "check", "-c", good}) == 0);
}

TEST_CASE("a port or server address that cannot be is a usage error") {
  CHECK(run({"listen", "--port", "99999"}) == 2);
  CHECK(run({"listen", "--port", "-1"}) == 2);
  CHECK(run({"events", "list", "--server", "ftp://x", "--token", "t"}) == 2);
}
