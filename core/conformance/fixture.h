#pragma once
// Fixtures: the recorded requests of a connector, as its manifest's samples name them.
#include <string>
#include <vector>

#include "base/result.h"
#include "model/event.h"
#include "plugin/connector.h"

namespace junctor::conformance {

// The time that checked connectors are told, unless a check needs another.
inline constexpr int64_t kCheckedAtMs = 1'763'700'000'000;

// One request as a connector gets it.
struct Delivery {
  std::string method = "POST";
  std::string url = "https://hooks.example/v1/webhooks/incoming/acme-1";
  Headers headers;
  std::string body;
  int64_t at_ms = kCheckedAtMs;  // when it came
};

struct Fixture {
  std::string name;   // file name
  std::string event;  // declared type
  plugin::Sample sample;
  std::string bytes;  // of the file, as it is

  // A delivery whose fresh ids end in `unique`; "" = the bytes as they are.
  Result<Delivery> deliver(const std::string& unique = "0000000000000001") const;
};

// The folder that holds a library's fixtures: given, fixtures/ beside the library or beside its
// manifest, or the installed samples; "" if there is none.
std::string fixtureFolder(const std::string& library, const std::string& given,
                          const std::string& connector);
struct Fixtures {
  std::string folder;
  std::vector<Fixture> list;
  std::vector<std::string> missing;  // files that samples name and nobody has
  std::string settings = "{}";       // settings.json, if it is there
};
Fixtures readFixtures(const std::string& folder, const plugin::Manifest& manifest);

}  // namespace junctor::conformance
