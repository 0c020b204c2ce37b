#include <catch2/catch.hpp>

#include <set>

#include "model/delivery.h"

using junctor::causeOf;
using junctor::Delivery;

namespace {

uint64_t cause(const std::string& reason, const std::string& destination = "crm") {
  Delivery delivery;
  delivery.destination = destination;
  delivery.integration = "hub";
  return causeOf(delivery, reason);
}

}  // namespace

TEST_CASE("deaths that one repair would mend have one cause") {
  const std::vector<std::vector<std::string>> same = {
      {"attempts-exhausted: the receiver answered 500",
       "attempts-exhausted: the receiver answered 503"},
      {"attempts-exhausted: connect to 10.0.0.1 port 4711: refused",
       "attempts-exhausted: connect to 10.0.0.9 port 4712: refused"},
      {"rule-error: orders@0123456789ab:12: no such id 17",
       "rule-error: orders@ffffffffffff:12: no such id 4242"},
      {"connector-error: internal: evt_0192f3c1a77b7c00 is odd",
       "connector-error: internal: evt_0192f3c1b77b7d11 is odd"},
      {"mapping-error: hubspot/contact@0123456789ab: x",
       "mapping-error: hubspot/contact@9876543210ff: x"},
  };
  for (const auto& group : same) {
    INFO(group.front());
    CHECK(cause(group[0]) == cause(group[1]));
  }
}

TEST_CASE("different causes have different fingerprints") {
  const std::vector<std::string> reasons = {
      "attempts-exhausted: the receiver answered 500",
      "attempts-exhausted: the receiver answered 404",
      "http-410",
      "rule-error: orders@0123456789ab:12: attempt to index nil",
      "rule-error: orders@0123456789ab:13: attempt to index nil",
      "rule-error: refunds@0123456789ab:12: attempt to index nil",
      "unknown-destination: a",
      "unknown-destination: b",
      "",
  };
  std::set<uint64_t> seen;
  for (const std::string& reason : reasons) {
    INFO(reason);
    CHECK(seen.insert(cause(reason)).second);
    CHECK(seen.insert(cause(reason, "agent")).second);  // another destination, another repair
  }
  CHECK_FALSE(seen.contains(0));
}

TEST_CASE("a fingerprint is for ever: it is stored and typed") {
  CHECK(cause("http-410") == cause("http-410"));
  CHECK(cause("attempts-exhausted: the receiver answered 500") == 0xe861aaf12d3ebf9b);
}

TEST_CASE("no reason breaks it") {
  for (const std::string& reason :
       {std::string("rule-error: "), std::string("rule-error: @"), std::string("rule-error: a@:"),
        std::string("the receiver answered "), std::string(100'000, 'x'), std::string(500, '9'),
        std::string("\xff\xfe\0", 3)}) {
    CHECK(cause(reason) != 0);
  }
}
