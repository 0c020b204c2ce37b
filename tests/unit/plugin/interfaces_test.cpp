// Every interface of a connector, called through the ABI by the host.
#include "unit/plugin/ports_house.h"

namespace junctor::testing {
namespace {

using plugin::CallOptions;

}  // namespace

TEST_CASE("an action gives its result, its key passed on") {
  const PortsHouse house;
  const auto result = house.act("echo", R"({"a":[1,2]})", {}, "key-1");
  REQUIRE(result);
  CHECK(result->data_json == R"({"a":[1,2]})");
  CHECK(result->external_id == "key-1");
  CHECK(result->url == "https://example.com/1");
  CHECK(house.act("nothing")->data_json == "null");
  CHECK(house.act("no such action").error().code == ErrorCode::InvalidArgument);
}

TEST_CASE("a failed action says what the provider said") {
  const PortsHouse house;
  plugin::CallRecord record;
  CallOptions options;
  options.record = &record;
  const auto result = house.act("fail", "{}", options);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::ResourceExhausted);
  CHECK(result.error().message == "everything: slow down (too_fast)");
  CHECK(result.error().retry_after == std::chrono::milliseconds(1500));
  CHECK(record.http_status == 429);
  CHECK(record.provider_code == "too_fast");
  CHECK(record.repeatable());
}

TEST_CASE("the flags of a call reach the connector") {
  const PortsHouse house;
  CHECK(house.act("flags")->data_json == "0");
  CHECK(house.act("flags", "{}", {.dry_run = true})->data_json == "1");
  CHECK(house.act("flags", "{}", {.test = true})->data_json == "2");
}

TEST_CASE("fields come with their types, flags and options") {
  const PortsHouse house;
  const auto instance = house.create("everything");
  const auto fields = instance->listFields("issue", {});
  REQUIRE(fields);
  REQUIRE(fields->size() == 2);
  CHECK((*fields)[0].name == "title");
  CHECK((*fields)[0].required);
  CHECK((*fields)[1].type == plugin::FieldType::Choice);
  CHECK(((*fields)[1].custom && (*fields)[1].read_only && (*fields)[1].multiple));
  CHECK((*fields)[1].options.at(1) == std::pair<std::string, std::string>("c", "closed"));
  CHECK(instance->listFields("nothing", {}).error().code == ErrorCode::NotFound);
}

TEST_CASE("subscriptions are made, listed, renewed and ended") {
  const PortsHouse house;
  const auto instance = house.create("everything");
  const auto hook = instance->subscribe({"https://in.example/1", R"(["a.*"])", "ours"}, {});
  REQUIRE(hook);
  CHECK(hook->id == "h1");
  CHECK(hook->url == "https://in.example/1");
  CHECK(hook->events_json == R"(["a.*"])");
  CHECK(hook->signing_secret.empty());
  CHECK(house.isNow(hook->expires_at_ms - 1000));
  CHECK(instance->subscribe({"https://in.example/1"}, {})->signing_secret == "chosen");
  CHECK(instance->renew(*hook, {})->expires_at_ms == hook->expires_at_ms + 1000);
  CHECK(instance->renew({"h9", "", "", "", 0, false}, {}).error().code == ErrorCode::NotFound);
  const auto hooks = instance->listHooks({});
  REQUIRE(hooks->size() == 2);
  CHECK((*hooks)[1].disabled);
  CHECK(instance->unsubscribe("h1", {}));
  CHECK(instance->unsubscribe("denied", {}).error().code == ErrorCode::PermissionDenied);
}

TEST_CASE("a poll gives events and where to go on") {
  const PortsHouse house;
  const auto page = house.create("everything")->poll({"tickets", "c1", 0, 3}, {});
  REQUIRE(page);
  CHECK(page->events.size() == 3);
  CHECK(page->events[2].source_event_id == "c1-2");
  CHECK(page->cursor == "tickets+c1");
  CHECK(page->more);
  CHECK(page->wait_ms == 500);
}

TEST_CASE("what OAuth's standard way cannot say, the connector does") {
  const PortsHouse house;
  const auto instance = house.create("everything");
  const auto params = instance->authorizeParams({"https://cb", "a b", "my-company"}, {});
  REQUIRE(params);
  CHECK(*params == plugin::OauthParams{{"audience", "my-company"}});
  const auto stolen = instance->authorizeParams({"", "", "steal"}, {});
  CHECK(stolen.error().code == ErrorCode::PermissionDenied);
  CHECK(stolen.error().message == "everything: the parameter state is the host's");
  const auto token = instance->parseToken(200, R"({"authed_user":{"token":"t-1"}})", {});
  REQUIRE(token);
  CHECK(token->access_token == "t-1");
  CHECK(token->token_type == "Bearer");
  CHECK(instance->parseToken(400, "{}", {}).error().code == ErrorCode::Unauthenticated);
  const auto fresh = instance->refreshToken({"old", "r-1", "Bearer", "", "", 5}, {});
  REQUIRE(fresh);
  CHECK(fresh->access_token == "new");
  CHECK(fresh->refresh_token == "r-1");
  CHECK(fresh->extra_json == R"({"n":1})");
  CHECK(instance->identify({})->id == "42");
}

TEST_CASE("a custom signature is checked over every live secret") {
  const PortsHouse house;
  const auto instance = house.create("everything");
  RawRequest request;
  request.body = "what do ya want for nothing?";  // RFC 4231, case 2
  request.headers = {{"X-Mac", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"}};
  CHECK(instance->verify(request, JsonView(), {"other", "Jefe"}));
  CHECK(instance->verify(request, JsonView(), {"other"}).error().code ==
        ErrorCode::Unauthenticated);
  CHECK(instance->verify(request, JsonView(), {}).error().code == ErrorCode::Unauthenticated);
}

TEST_CASE("what a connector does not offer is unimplemented") {
  const PortsHouse house;
  const auto github = house.create("probe");
  CHECK(github->execute({}, {}).error().code == ErrorCode::Unimplemented);
  CHECK(github->listFields("x", {}).error().code == ErrorCode::Unimplemented);
  CHECK(github->subscribe({}, {}).error().code == ErrorCode::Unimplemented);
  CHECK(github->poll({}, {}).error().code == ErrorCode::Unimplemented);
  CHECK(github->identify({}).error().code == ErrorCode::Unimplemented);
  CHECK(github->test("{}", {}).error().code == ErrorCode::Unimplemented);
  CHECK(github->verify({}, JsonView(), {}).error().code == ErrorCode::Unimplemented);
  const auto silent = house.create("misbehaves");
  CHECK(silent->handle({}, JsonView()).error().code == ErrorCode::Unimplemented);
  CHECK(silent->renew({}, {}).error().code == ErrorCode::Unimplemented);
  CHECK(silent->refreshToken({}, {}).error().code == ErrorCode::Unimplemented);
}

TEST_CASE("what a sink refuses fails the call, whatever the connector says then") {
  const PortsHouse house;
  const auto it = house.create("misbehaves");
  for (const char* what : {"null", "small", "bad-json", "null-view", "long-url", "control"}) {
    CAPTURE(what);
    CHECK(it->execute({what}, {}).error().code == ErrorCode::InvalidArgument);
  }
  CHECK(it->execute({"twice"}, {}).error().message == "misbehaves: gave a result twice");
  CHECK(it->execute({"large"}, {}).error().message ==
        "misbehaves: the result is larger than 1 MiB");
  CHECK(it->execute({"throw"}, {}).error().message == "misbehaves: threw an exception");
  CHECK(it->execute({"fine"}, {}));

  for (const char* what : {"no-name", "no-type", "new-type", "bad-option", "null-options"}) {
    CAPTURE(what);
    CHECK(it->listFields(what, {}).error().code == ErrorCode::InvalidArgument);
  }
  CHECK(it->listFields("twice", {}).error().message == "misbehaves: two fields have one name");
  CHECK(it->listFields("many-options", {}).error().message ==
        "misbehaves: a field has more than 1000 options");
  CHECK_FALSE(it->listFields("many", {}));
  CHECK(it->listFields("fine", {})->size() == 1);

  CHECK(it->subscribe({"none"}, {}).error().message == "misbehaves: gave no hook");
  CHECK(it->subscribe({"two"}, {}).error().message == "misbehaves: gave a second hook");
  CHECK(it->subscribe({"no-id"}, {}).error().message == "misbehaves: a hook has no id");
  CHECK(it->subscribe({"bad-events"}, {}).error().message ==
        "misbehaves: a hook's events_json is no array of texts");
  CHECK(it->listHooks({}).error().message == "misbehaves: two hooks have one id");
  CHECK(it->unsubscribe("h", {}).error().code == ErrorCode::Internal);
}

TEST_CASE("a poll must give payloads, and exactly one next cursor, last") {
  const PortsHouse house;
  const auto it = house.create("misbehaves");
  const auto message = [&](const char* what) {
    const auto page = it->poll({"", what}, {});
    return page ? std::string("accepted") : page.error().message;
  };
  CHECK(message("fine") == "accepted");
  CHECK(message("no-payload") == "misbehaves: an event has no payload_json");
  CHECK(message("no-cursor") == "misbehaves: poll gave no next cursor");
  CHECK(message("two-cursors") == "misbehaves: gave the next cursor twice");
  CHECK(message("early-cursor") == "misbehaves: gave an event after the next cursor");
  CHECK(message("long-cursor") == "misbehaves: the cursor is too long");
}

TEST_CASE("an OAuth sink takes what was asked for, once") {
  const PortsHouse house;
  const auto it = house.create("misbehaves");
  CHECK(it->authorizeParams({"", "", "token"}, {}).error().code == ErrorCode::Unimplemented);
  CHECK(it->authorizeParams({"", "", "ours"}, {}).error().code == ErrorCode::PermissionDenied);
  for (const char* what : {"null", "empty"}) {
    CHECK(it->authorizeParams({"", "", what}, {}).error().code == ErrorCode::InvalidArgument);
  }
  CHECK(it->parseToken(200, "none", {}).error().message == "misbehaves: gave no token");
  CHECK(it->parseToken(200, "twice", {}).error().message == "misbehaves: gave a token twice");
  for (const char* what : {"small", "empty", "long"}) {
    CHECK(it->parseToken(200, what, {}).error().code == ErrorCode::InvalidArgument);
  }
  CHECK(it->identify({}).error().message == "misbehaves: the account has no id");
}

}  // namespace junctor::testing
