// The host's services over its ports, and the gate before them, asked from inside a connector.
#include "unit/plugin/ports_house.h"

namespace junctor::testing {
namespace {

using plugin::CallOptions;

std::string sendTo(const std::string& url, const std::string& method = "GET",
                   const std::string& more = "") {
  return R"({"method":")" + method + R"(","url":")" + url + "\"" + more + "}";
}
constexpr const char* kApi = "https://api.example.com/v1/me?x=1";

}  // namespace

TEST_CASE("a request goes out with the name of its credential, and its answer comes back") {
  PortsHouse house;
  const auto result =
      house.act("send", sendTo(kApi, "POST", R"(,"credential":"api","body":"b")"), {}, "key-1");
  REQUIRE(result);
  CHECK(result->data_json == R"({"body":"hello"})");  // Set-Cookie is gone
  CHECK(result->external_id == "7");
  REQUIRE(house.network.sent.size() == 1);
  const plugin::HttpSend& sent = house.network.sent[0];
  CHECK(sent.method == "POST");
  CHECK(sent.url == kApi);
  CHECK(sent.body == "b");
  CHECK(sent.credential == "api");
  CHECK(sent.idempotency_key == "key-1");
  CHECK((sent.timeout_ms > 0 && sent.timeout_ms <= 30'000));
  CHECK(sent.answer_bytes_max == 1024 * 1024);
  CHECK(house.network.tenant == "acme");
}

TEST_CASE("only hosts that the manifest names are reached") {
  PortsHouse house;
  for (const char* url : {"https://a.files.example.com/", "https://s1.example.org",
                          "https://API.example.com:8443/"}) {
    CAPTURE(url);
    CHECK(house.act("send", sendTo(url)));
  }
  CHECK(house.network.sent.size() == 3);
  for (const char* url :
       {"https://example.com/", "https://api.example.com.evil.net/", "https://s2.example.org/",
        "https://files.example.com/", "https://xapi.example.com/", "https://api.example.com./",
        "https://127.0.0.1/", "https://169.254.169.254/latest"}) {
    CAPTURE(url);
    plugin::CallRecord record;
    const auto result = house.act("send", sendTo(url), {.record = &record});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::PermissionDenied);
    CHECK(record.requests_sent == 0);
  }
  CHECK(house.network.sent.size() == 3);
}

TEST_CASE("a URL that two readers might read differently is refused") {
  PortsHouse house;
  for (const char* url :
       {"http://api.example.com/", "HTTPS://api.example.com/", "https:/api.example.com/",
        "https://api.example.com@evil.net/", "https://evil.net#@api.example.com/",
        "https://evil.net\\\\.api.example.com/", "https://api.example.com:443:1/",
        "https://api.example.com:/", "https://api.example.com%2eevil.net/", "https://[::1]/",
        "https://api.example.com /", "https://api.example.com\\n/", "https:///", "",
        "https://api.example.com;evil.net/", "https://\u0430pi.example.com/"}) {
    CAPTURE(url);
    const auto result = house.act("send", sendTo(url));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::InvalidArgument);
  }
  CHECK(house.network.sent.empty());
}

TEST_CASE("a credential goes only to the hosts it is named for") {
  PortsHouse house;
  CHECK(house.act("send", sendTo(kApi, "GET", R"(,"credential":"api")")));
  const auto elsewhere =
      house.act("send", sendTo("https://a.files.example.com/", "GET", R"(,"credential":"api")"));
  CHECK(elsewhere.error().code == ErrorCode::PermissionDenied);
  const auto unknown = house.act("send", sendTo(kApi, "GET", R"(,"credential":"root")"));
  CHECK(unknown.error().code == ErrorCode::PermissionDenied);
  CHECK(house.network.sent.size() == 1);
}

TEST_CASE("headers that are the host's, and methods it does not know, are refused") {
  PortsHouse house;
  for (const char* name :
       {"Authorization", "authorization", "Cookie", "Host", "Content-Length", "Transfer-Encoding",
        "Connection", "Proxy-Authorization", "Bad Name", "Idempotency-Key", "X:Y"}) {
    CAPTURE(name);
    const std::string more = std::string(R"(,"header":")") + name + "\"";
    CHECK(house.act("send", sendTo(kApi, "GET", more)).error().code == ErrorCode::InvalidArgument);
  }
  CHECK(house.act("send", sendTo(kApi, "GET", R"(,"header":"X-Trace")")));
  for (const char* method : {"get", "CONNECT", "TRACE", "GET /", ""}) {
    CHECK(house.act("send", sendTo(kApi, method)).error().code == ErrorCode::InvalidArgument);
  }
  CHECK(house.network.sent.size() == 1);
}

TEST_CASE("a call without I/O reaches neither network nor storage, a dry run sends nothing") {
  PortsHouse house;
  RawRequest request;
  for (const char* body : {"http", "kv"}) {
    request.body = body;
    const auto handled = house.create("everything")->handle(request, JsonView());
    CHECK(handled.error().code == ErrorCode::PermissionDenied);
  }
  CHECK(house.act("send", sendTo(kApi), {.dry_run = true}).error().code ==
        ErrorCode::PermissionDenied);
  CHECK(house.act("store", R"({"key":"k","value":"v"})", {.dry_run = true}).error().code ==
        ErrorCode::PermissionDenied);
  CHECK(house.network.sent.empty());
  CHECK(house.storage.entries.empty());
}

TEST_CASE("the requests of one call are counted, and end where the manifest's budget does") {
  PortsHouse house;
  plugin::CallRecord record;
  CHECK(house.act("send", sendTo(kApi, "GET", R"(,"times":3)"), {.record = &record}));
  CHECK(record.requests_sent == 3);
  record = {};
  const auto fourth = house.act("send", sendTo(kApi, "GET", R"(,"times":4)"), {.record = &record});
  CHECK(fourth.error().code == ErrorCode::PermissionDenied);
  CHECK(record.requests_sent == 3);
}

TEST_CASE("an act may be repeated only if nothing was sent that may not") {
  PortsHouse house;
  const auto repeatable = [&](const char* method, const char* key) {
    plugin::CallRecord record;
    (void)house.act("send", sendTo(kApi, method), {.record = &record}, key);
    return record.repeatable();
  };
  CHECK(repeatable("GET", ""));
  CHECK(repeatable("POST", "key"));
  CHECK_FALSE(repeatable("POST", ""));
  CHECK_FALSE(repeatable("DELETE", ""));

  house.network.answer = [](const auto&) { return unavailable("connection lost"); };
  CHECK_FALSE(repeatable("POST", ""));
  house.network.answer = [](const auto&) {
    return makeError(ErrorCode::Unauthenticated, "no such credential");
  };
  CHECK(repeatable("POST", ""));  // it never left
}

TEST_CASE("every answer of the network has its status") {
  PortsHouse house;
  const auto answered = [&](int status) {
    house.network.answer = [status](const auto&) -> Result<plugin::HttpAnswer> {
      return plugin::HttpAnswer{status, {{"Retry-After", "7"}}, ""};
    };
    return house.act("send", sendTo(kApi)).error();
  };
  CHECK(answered(401).code == ErrorCode::Unauthenticated);
  CHECK(answered(403).code == ErrorCode::PermissionDenied);
  CHECK(answered(404).code == ErrorCode::NotFound);
  CHECK(answered(409).code == ErrorCode::AlreadyExists);
  CHECK(answered(422).code == ErrorCode::InvalidArgument);
  CHECK(answered(429).code == ErrorCode::ResourceExhausted);
  CHECK(answered(429).retry_after == std::chrono::seconds(7));
  CHECK(answered(503).code == ErrorCode::Unavailable);

  const auto failed = [&](ErrorCode code) {
    house.network.answer = [code](const auto&) { return makeError(code, "why"); };
    return house.act("send", sendTo(kApi)).error().code;
  };
  CHECK(failed(ErrorCode::Unauthenticated) == ErrorCode::Unauthenticated);
  CHECK(failed(ErrorCode::DataLoss) == ErrorCode::Unavailable);
  CHECK(failed(ErrorCode::DeadlineExceeded) == ErrorCode::DeadlineExceeded);
  CHECK(failed(ErrorCode::Cancelled) == ErrorCode::Cancelled);
  CHECK(failed(ErrorCode::ResourceExhausted) == ErrorCode::InvalidArgument);  // too large
}

TEST_CASE("a call that is cancelled or late gets no more from the host") {
  PortsHouse house;
  const std::atomic<bool> cancelled = true;
  CHECK(house.act("send", sendTo(kApi), {.cancelled = &cancelled}).error().code ==
        ErrorCode::Cancelled);
  CHECK(house.act("wait", "{}", {.cancelled = &cancelled}).error().code == ErrorCode::Cancelled);

  house.network.answer = [&](const auto& request) -> Result<plugin::HttpAnswer> {
    house.pass(std::chrono::milliseconds(request.timeout_ms + 1));
    return plugin::HttpAnswer{200, {}, ""};
  };
  plugin::CallRecord record;
  const auto late = house.act("send", sendTo(kApi, "GET", R"(,"times":2)"),
                              {.budget_ms = 100, .record = &record});
  CHECK(late.error().code == ErrorCode::DeadlineExceeded);
  CHECK(record.requests_sent == 1);
  CHECK(house.network.sent[0].timeout_ms <= 100);
}

TEST_CASE("a call that runs learns that it was cancelled") {
  PortsHouse house;
  std::atomic<bool> cancelled = false;
  std::thread canceller([&] {
    house.pass(std::chrono::milliseconds(20));
    cancelled = true;
  });
  const auto outcome = house.act("wait", "{}", {.cancelled = &cancelled});
  canceller.join();
  CHECK(outcome.error().code == ErrorCode::Cancelled);
}

TEST_CASE("storage keeps versions, within the manifest's quota") {
  PortsHouse house;
  const auto result = house.act("store", R"({"key":"k1","value":"v1"})");
  REQUIRE(result);
  CHECK(result->data_json == R"({"value":"v1","stale":"yes","absent":"yes","listed":"1"})");
  CHECK(house.storage.entries.empty());
  CHECK(house.storage.quota == 65536);
  CHECK(house.act("store", R"({"key":"","value":"v"})").error().code == ErrorCode::InvalidArgument);
  CHECK(house.act("store", R"({"key":"a\nb","value":"v"})").error().code ==
        ErrorCode::InvalidArgument);
  const std::string large(65'537, 'x');
  CHECK(house.act("store", R"({"key":"k","value":")" + large + "\"}").error().code ==
        ErrorCode::InvalidArgument);
}

TEST_CASE("a secret is given only if the manifest names it") {
  PortsHouse house;
  CHECK(house.act("secret"));
  CHECK(house.secrets.asked == std::vector<std::string>{"signing"});
}

TEST_CASE("metrics are counted under the connector's name") {
  PortsHouse house;
  CHECK(house.act("measure"));
  CHECK(house.metrics.seen["everything.actsgood"] == 2);
  CHECK(house.metrics.seen["everything.took_us"] == 150);
}

TEST_CASE("a host without ports says so, and nothing breaks") {
  const PortsHouse house(false);
  CHECK(house.act("send", sendTo(kApi)).error().code == ErrorCode::Unimplemented);
  CHECK(house.act("store", R"({"key":"k","value":"v"})").error().code == ErrorCode::Unimplemented);
  CHECK(house.act("secret").error().code == ErrorCode::Unimplemented);
  CHECK(house.act("measure"));
}

TEST_CASE("a setting that is no label of a host name is refused; without one no host is reached") {
  PortsHouse house;
  Integration integration;
  integration.id = "everything-1";
  integration.connector = "everything";
  for (const char* settings : {R"({"shop":"evil.example/"})", R"({"shop":7})"}) {
    integration.settings_json = settings;
    const auto made = house.registry->find("everything")->create(integration);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::InvalidArgument);
  }
  integration.settings_json = "{}";
  CHECK(house.registry->find("everything")->create(integration));
}

TEST_CASE("a connection is tested with the provider") {
  PortsHouse house;
  const auto instance = house.create("everything");
  CHECK(instance->test("{}", {.test = true}));
  CHECK(instance->test(R"({"bad":1})", {}).error().code == ErrorCode::Unauthenticated);
  house.network.answer = [](const auto&) -> Result<plugin::HttpAnswer> {
    return plugin::HttpAnswer{401, {}, ""};
  };
  const auto refused = instance->test("{}", {});
  CHECK(refused.error().code == ErrorCode::Unauthenticated);
  CHECK(refused.error().message == "everything: the API: HTTP 401");
}

}  // namespace junctor::testing
