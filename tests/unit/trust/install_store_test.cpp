#include "trust/install_store.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/manual_clock.h"
#include "support/temp_folder.h"
#include "unit/trust/store_house.h"

using namespace junctor;
using namespace junctor::testing;
using trust::Level;

TEST_CASE("an installed connector is found, loaded and taken away again") {
  StoreHouse house;
  CHECK(must(house.store().list()).empty());
  const auto offer = must(house.install("1.0.0"));
  CHECK(offer.verdict.level == Level::Verified);
  const auto list = must(house.store().list());
  REQUIRE(list.size() == 1);
  CHECK(list[0].id == "com.acme.shop");
  CHECK(list[0].active().version == "1.0.0");
  CHECK(list[0].active().publisher == "Acme Inc");

  const auto loaded = must(house.store().load("com.acme.shop"));
  CHECK(loaded.version == "1.0.0");
  CHECK(contentOf(loaded.code) == "code of 1.0.0");
  CHECK(must(house.store().readFile("com.acme.shop", "README.md")) == "# Shop\n");

  must(house.store().uninstall("com.acme.shop"));
  CHECK_FALSE(house.store().load("com.acme.shop"));
  CHECK(house.bundleFiles() == 0);
}

TEST_CASE("a store that was never written to is an empty one, and looking makes no folder") {
  StoreHouse house;
  CHECK(must(house.store().loadAll()).connectors.empty());
  CHECK_FALSE(house.store().install("not a bundle", {}));
  CHECK_FALSE(house.store().revoke("nonsense", ""));
  CHECK_FALSE(std::filesystem::exists(house.folder()));
}

TEST_CASE("an upgrade keeps the version before, and one command returns to it") {
  StoreHouse house;
  must(house.install("1.0.0"));
  must(house.install("1.1.0"));
  CHECK(must(house.store().load("com.acme.shop")).version == "1.1.0");
  CHECK(must(house.store().rollback("com.acme.shop")).version == "1.0.0");
  CHECK(contentOf(must(house.store().load("com.acme.shop")).code) == "code of 1.0.0");
  CHECK_THAT(messageOf(house.store().rollback("com.acme.shop")),
             Catch::Contains("no version before 1.0.0"));
  must(house.install("1.1.0"));  // forward again
  CHECK(must(house.store().load("com.acme.shop")).version == "1.1.0");
}

TEST_CASE("old versions are kept up to a number, and no file without an entry") {
  StoreHouse house;
  for (int i = 0; i < 8; ++i) must(house.install("1.0." + std::to_string(i)));
  CHECK(must(house.store().list())[0].history.size() == limits::kBundleVersionsKept);
  CHECK(house.bundleFiles() == limits::kBundleVersionsKept);
}

TEST_CASE("a downgrade is refused unless it is asked for, and uninstalling is no way round") {
  StoreHouse house;
  must(house.install("1.1.0"));
  CHECK_THAT(messageOf(house.install("1.0.0")), Catch::Contains("is older than 1.1.0"));
  CHECK(must(house.store().load("com.acme.shop")).version == "1.1.0");
  must(house.store().uninstall("com.acme.shop"));
  CHECK_THAT(messageOf(house.install("1.0.0")), Catch::Contains("is older than 1.1.0"));
  must(house.install("1.0.0", "{}", {false, true}));
  CHECK(must(house.store().load("com.acme.shop")).version == "1.0.0");
}

TEST_CASE("a version is released once") {
  StoreHouse house;
  must(house.install("1.0.0"));
  must(house.install("1.0.0"));  // the very same again is fine
  const auto other = house.signedShop("1.0.0", "{}", "other code");
  CHECK_THAT(messageOf(house.store().install(other, {})),
             Catch::Contains("is installed with other content"));
  CHECK(contentOf(must(house.store().load("com.acme.shop")).code) == "code of 1.0.0");
}

TEST_CASE("capabilities are accepted once; an update that wants more asks again") {
  StoreHouse house;
  const std::string some = R"({"hosts": ["api.acme.com"]})";
  const std::string more = R"({"hosts": ["api.acme.com", "*.evil.com"], "secrets": ["signing"]})";
  CHECK_THAT(messageOf(house.install("1.0.0", some)),
             Catch::Contains("asks for what was not accepted: network: api.acme.com"));
  CHECK(must(house.store().list()).empty());
  must(house.install("1.0.0", some, {true, false}));
  must(house.install("1.0.1", some));  // nothing new: nothing to ask
  const auto offer = must(house.store().offer(house.signedShop("1.1.0", more)));
  CHECK(offer.widenings ==
        std::vector<std::string>{"network: *.evil.com", "secret: reads signing itself"});
  CHECK_FALSE(house.install("1.1.0", more));
  CHECK(must(house.store().load("com.acme.shop")).version == "1.0.1");
  must(house.install("1.1.0", more, {true, false}));
  CHECK(must(house.store().load("com.acme.shop")).capabilities.secrets.size() == 1);
}

TEST_CASE("an update by another publisher, or with less trust, asks again") {
  StoreHouse house;
  must(house.install("1.0.0"));
  Signer other;
  const auto bytes = signedBytes(bundle("com.acme.shop", "1.1.0"), other,
                                 other.by(house.root, "com.acme", Level::Verified));
  CHECK_THAT(messageOf(house.store().install(bytes, {})), Catch::Contains("signed by Acme Inc"));
  must(house.store().addPublisher(house.acme.own("com.acme")));
  const auto less =
      signedBytes(bundle("com.acme.shop", "1.1.0"), house.acme, house.acme.own("com.acme"));
  CHECK_THAT(messageOf(house.store().install(less, {})),
             Catch::Contains("trusted as private only (was verified)"));
  must(house.store().install(less, {true, false}));
}

TEST_CASE("what is shipped cannot be replaced by a bundle") {
  StoreHouse house;
  house.settings.shipped = {"com.acme.shop"};
  CHECK_THAT(messageOf(house.install("1.0.0")), Catch::Contains("is part of this installation"));
}

TEST_CASE(
    "a revocation stops what is installed at its next load, and rollback does not return to it") {
  StoreHouse house;
  must(house.install("1.0.0"));
  must(house.install("1.1.0"));
  CHECK(must(house.store().revoke("com.acme.shop@1.0.0", "leaks")) ==
        bundle("com.acme.shop", "1.0.0").digest);
  CHECK(house.store().load("com.acme.shop"));
  CHECK(messageOf(house.store().rollback("com.acme.shop")) ==
        "cannot return to com.acme.shop 1.0.0: was revoked: leaks");
  CHECK(must(house.store().load("com.acme.shop")).version == "1.1.0");

  must(house.store().revoke(house.acme.id(), "stolen"));
  const auto all = must(house.store().loadAll());
  CHECK(all.connectors.empty());
  REQUIRE(all.refused.size() == 1);
  CHECK_THAT(all.refused[0].second.message, Catch::Contains("was revoked: stolen"));
  CHECK_FALSE(house.install("1.2.0"));
  must(house.store().unrevoke(house.acme.id()));
  CHECK(house.store().load("com.acme.shop"));
  CHECK_FALSE(house.store().revoke("com.acme.shop@9.9.9", ""));
}

TEST_CASE("an installed version is vouched for until it is revoked or forgotten") {
  StoreHouse house;
  must(house.install("1.0.0"));
  must(house.install("1.1.0"));
  const std::string old = bundle("com.acme.shop", "1.0.0").digest;
  CHECK(house.store().vouch("com.acme.shop", old));
  CHECK_FALSE(house.store().vouch("com.acme.shop", std::string(64, '0')));
  CHECK_FALSE(house.store().vouch("com.acme.other", old));
  must(house.store().revoke("com.acme.shop@1.0.0", "leaks"));
  CHECK(messageOf(house.store().vouch("com.acme.shop", old)) == "was revoked: leaks");
  must(house.store().uninstall("com.acme.shop"));
  CHECK(house.store().vouch("com.acme.shop", old).error().code == ErrorCode::NotFound);
}

TEST_CASE("a root's revocation list is believed if signed, and never replaced by an older one") {
  StoreHouse house;
  must(house.install("1.0.0"));
  const auto list = [&](int64_t serial, bool bites) {
    trust::SignedRevocations some;
    some.serial = serial;
    if (bites) must(some.list.add(house.acme.id(), "stolen"));
    return some;
  };
  const Signer stranger;
  CHECK_THAT(
      messageOf(house.store().importRevocations(sealRevocations(list(1, true), stranger.key))),
      Catch::Contains("not signed by a root"));
  CHECK(house.store().load("com.acme.shop"));
  CHECK(must(house.store().importRevocations(sealRevocations(list(2, true), house.root.key))) == 1);
  CHECK_FALSE(house.store().load("com.acme.shop"));
  CHECK_THAT(
      messageOf(house.store().importRevocations(sealRevocations(list(1, false), house.root.key))),
      Catch::Contains("older than 2"));
  CHECK_FALSE(house.store().load("com.acme.shop"));
}

TEST_CASE("a publisher's key is believed by the installation that added it, until it is removed") {
  StoreHouse house;
  const auto bytes = signedBytes(bundle(), house.acme, house.acme.own("com.acme"));
  CHECK_FALSE(house.store().install(bytes, {}));
  CHECK(must(house.store().addPublisher(house.acme.own("com.acme"))).publisher == "Acme Inc");
  CHECK(must(house.store().install(bytes, {})).verdict.level == Level::Private);
  CHECK(must(house.store().policy()).publishers.size() == 1);
  must(house.store().removePublisher(house.acme.id()));
  CHECK_THAT(messageOf(house.store().load("com.acme.shop")), Catch::Contains("does not trust"));
  CHECK_FALSE(house.store().removePublisher(house.acme.id()));
  CHECK_THAT(
      messageOf(house.store().addPublisher(house.acme.by(house.root, "com.acme", Level::Verified))),
      Catch::Contains("needs no adding"));
  CHECK_THAT(messageOf(house.store().addPublisher(house.acme.own("com.acme", "2020-01-01"))),
             Catch::Contains("expired"));
}

TEST_CASE("unsigned connectors load in a --dev server and in no other") {
  StoreHouse house;
  const std::string bytes = trust::writeBundle(bundle());
  CHECK_THAT(messageOf(house.store().install(bytes, {})), Catch::Contains("started with --dev"));
  house.settings.allow_unsigned = true;
  must(house.store().install(bytes, {}));
  CHECK(house.store().load("com.acme.shop"));
  must(house.store().install(trust::writeBundle(bundle("com.acme.shop", "1.0.0", "{}", "again")),
                             {}));  // a developer builds the same version many times
  house.settings.allow_unsigned = false;
  CHECK_THAT(messageOf(house.store().load("com.acme.shop")), Catch::Contains("started with --dev"));
}

TEST_CASE("code whose own manifest is another one is refused") {
  StoreHouse house;
  house.settings.inspect = [](int, const std::string&) -> Result<void> {
    return invalidArgument("its code holds another manifest");
  };
  CHECK(messageOf(house.install("1.0.0")) == "its code holds another manifest");
  CHECK_FALSE(std::filesystem::exists(house.folder()));
}

TEST_CASE("a second store sees what the first wrote") {
  StoreHouse house;
  must(house.install("1.0.0"));
  must(house.store().revoke(house.acme.id(), "x"));
  CHECK_FALSE(house.store().load("com.acme.shop"));
  struct stat info{};
  REQUIRE(::stat(house.folder().c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
}
