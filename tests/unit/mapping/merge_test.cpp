#include "fixture.h"

namespace junctor::mapping {
namespace {

const char* kFields = R"({"email":{"external":"E","max":80,"required":true},
                          "phone":{"external":"P","transform":["e164"]},
                          "city":{"external":"C"}})";

std::string merged(std::string_view overrides) {
  const auto out = mergeMapping(document(kFields), json(overrides));
  return out ? toJson(*out->find("fields")) : out.error().message;
}

}  // namespace

TEST_CASE("an override changes the keys it names and keeps the others") {
  CHECK(merged(R"({"fields":{"email":{"max":40},"phone":{"transform":[{"e164":"CZ"}]}}})") ==
        R"({"email":{"external":"E","max":40,"required":true},)"
        R"("phone":{"external":"P","transform":[{"e164":"CZ"}]},"city":{"external":"C"}})");
}

TEST_CASE("an override takes fields and keys away") {
  CHECK(merged(R"({"fields":{"phone":null,"email":{"remove":["max","required"]}}})") ==
        R"({"email":{"external":"E"},"city":{"external":"C"}})");
}

TEST_CASE("an override adds fields at the end") {
  CHECK(merged(R"({"fields":{"vip":{"external":"custom.vip"}}})")
            .ends_with(R"("city":{"external":"C"},"vip":{"external":"custom.vip"}})"));
}

TEST_CASE("a null default is a value, not a removal") {
  CHECK(merged(R"({"fields":{"city":{"default":null}}})")
            .find(R"("city":{"external":"C","default":null})") != std::string::npos);
}

TEST_CASE("a merge that makes no mapping is refused with the key's path") {
  CHECK(merged(R"({"fields":{"fax":null}})") == "fields.fax: there is no such field to remove");
  CHECK(merged(R"({"fields":{"city":{"remove":["max"]}}})") ==
        "fields.city.remove: there is no key \"max\" to remove");
  CHECK(merged(R"({"fields":{"city":{"maxx":1}}})") == "fields.city.maxx: unknown key");
  CHECK(merged(R"({"fields":{"new":{"max":1}}})") == "fields.new.external: is required");
  CHECK(merged(R"({"colour":1})") == "colour: unknown key");
  CHECK(merged(R"({"connector":"other"})") == "connector: overrides cannot change it");
  CHECK(merged("[]") == "overrides must be an object");
}

TEST_CASE("samples of the shipped mapping do not judge the merged one") {
  Value defaults = document(kFields);
  defaults.set("samples", json(R"([{"name":"s","canonical":{"email":"a"},"external":{"E":"a"}}])"));
  CHECK(mergeMapping(defaults, json("{}"))->find("samples") == nullptr);
  CHECK(mergeMapping(defaults, json(R"({"samples":[]})"))->find("samples")->items().empty());
}

}  // namespace junctor::mapping
