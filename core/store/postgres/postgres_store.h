#pragma once
// PostgresStore: Store over a PostgreSQL database that any number of nodes share.
#include <algorithm>
#include <memory>
#include <string>

#include "base/clock.h"
#include "store/engine_store.h"
#include "store/postgres/member.h"
#include "store/postgres/pg_reader.h"
#include "store/postgres/pg_writer.h"

namespace junctor::store::postgres {

class PostgresStore final : public EngineStore<PostgresStore> {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& location,
                                             const StoreOptions& options, const Clock& clock);
  ~PostgresStore() override;

  void append(RawRequestPtr request, AppendDone done) override;
  Result<int64_t> unpark(const std::string& integration, int64_t limit) override;
  Result<void> putDocument(const std::string& kind, const std::string& key,
                           const std::string& json) override;
  Result<void> removeDocument(const std::string& kind, const std::string& key) override;
  Result<void> putToken(const Token& token) override;
  Result<void> removeToken(const std::string& id) override;

  Health health() const override;
  int64_t highestOrderKey() const override;
  uint64_t sizeBytes() const override;
  void flush() override;
  void watch(Watcher watcher) override;
  Result<void> exclusively(const std::string& name,
                           const std::function<Result<void>()>& work) override;
  int nodes() const override { return member_ ? std::max(1, member_->nodes()) : 1; }
  int lane() const override { return member_ ? member_->lane() : -1; }

 private:
  friend EngineStore<PostgresStore>;
  PostgresStore(const std::string& location, const Clock& clock)
      : location_(location), clock_(clock), reader_(location, clock) {}
  Result<void> start(const std::string& location, int64_t lease_ms, const StoreOptions& options,
                     const Clock& clock);
  Result<void> edit(const std::function<Result<void>(Connection&)>& change) {
    return editOn<Connection>(change);
  }
  Result<void> changed(Connection& connection, const std::string& kind);

  const std::string location_;
  const Clock& clock_;
  mutable PgReader reader_;
  std::unique_ptr<Member> member_;    // leaves last, when nothing is written any more
  std::unique_ptr<PgWriter> writer_;  // none: read-only
};

}  // namespace junctor::store::postgres
