#include <catch2/catch.hpp>

#include "config/load.h"
#include "support/temp_folder.h"

using junctor::ErrorCode;
using junctor::config::resolveSecret;

TEST_CASE("secrets come from the environment and from files, without the last line end") {
  junctor::testing::TempFolder folder;
  const junctor::config::Environment environment = {{"A", "s3 cret"}, {"EMPTY", ""}};
  CHECK(*resolveSecret({"env:A"}, environment) == "s3 cret");
  CHECK(*resolveSecret({"file:" + folder.write("s", "abc\n")}, environment) == "abc");
  CHECK(*resolveSecret({"file:" + folder.write("s", "abc\r\n")}, environment) == "abc");
  CHECK(*resolveSecret({"file:" + folder.write("s", "abc\n\n")}, environment) == "abc\n");
}

TEST_CASE("a secret that is not there names its reference") {
  junctor::testing::TempFolder folder;
  const junctor::config::Environment environment = {{"EMPTY", ""}};
  for (const std::string& ref :
       {std::string("env:B"), std::string("env:EMPTY"), "file:" + folder.path() + "/none",
        "file:" + folder.write("empty", "\n")}) {
    const auto secret = resolveSecret({ref}, environment);
    INFO(ref);
    REQUIRE_FALSE(secret.has_value());
    CHECK(secret.error().code == ErrorCode::NotFound);
    CHECK(secret.error().message.find(ref) != std::string::npos);
  }
}

TEST_CASE("a literal where a reference belongs is refused and not repeated") {
  const auto secret = resolveSecret({"hunter2"}, {});
  REQUIRE_FALSE(secret.has_value());
  CHECK(secret.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("a vault reference is looked up for its owner, and without a vault it is told so") {
  using junctor::Result;
  using junctor::config::SecretOwner;
  const junctor::config::SecretSource source(
      junctor::config::Environment{{"A", "from env"}},
      [](const SecretOwner& owner, const std::string& field) -> Result<std::string> {
        if (field == "gone") return junctor::notFound("there is no secret");
        if (field == "bad") return junctor::makeError(ErrorCode::DataLoss, "does not open");
        return owner.tenant + "|" + owner.integration + "|" + owner.destination + "|" + field;
      });
  const SecretOwner gh{"acme", "gh", ""}, agent{"acme", "", "agent"};
  CHECK(*source.resolve({"vault:webhook"}, gh) == "acme|gh||webhook");
  CHECK(*source.resolve({"vault:signing"}, agent) == "acme||agent|signing");
  CHECK(*source.resolve({"env:A"}, gh) == "from env");
  CHECK(source.resolve({"vault:gone"}, gh).error().message == "vault:gone: there is no secret");
  CHECK(source.awaits({"vault:gone"}, gh));
  CHECK_FALSE(source.awaits({"vault:bad"}, gh));
  CHECK_FALSE(source.awaits({"vault:webhook"}, gh));
  CHECK_FALSE(source.awaits({"env:NONE"}, gh));
  const junctor::config::SecretSource none(junctor::config::Environment{});
  CHECK(none.resolve({"vault:webhook"}, gh).error().code == ErrorCode::Unavailable);
}

TEST_CASE("the process environment is readable") {
  CHECK(junctor::config::processEnvironment().count("PATH") == 1);
}
