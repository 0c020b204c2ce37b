#pragma once
// SqliteStore: Store over one SQLite file. Puts the writer and the reader together.
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "store/engine_store.h"
#include "store/fingerprint.h"
#include "store/sqlite/name_table.h"
#include "store/sqlite/process_lock.h"
#include "store/sqlite/reader.h"
#include "store/sqlite/writer.h"

namespace junctor::store {

class SqliteStore final : public EngineStore<SqliteStore> {
 public:
  static Result<std::unique_ptr<Store>> open(const std::string& path, const StoreOptions& options,
                                             const Clock& clock);
  ~SqliteStore() override = default;

  void append(RawRequestPtr request, AppendDone done) override;
  Result<int64_t> unpark(const std::string& integration, int64_t limit) override;
  Result<void> putDocument(const std::string& kind, const std::string& key,
                           const std::string& json) override;
  Result<void> removeDocument(const std::string& kind, const std::string& key) override;
  Result<void> putToken(const Token& token) override;
  Result<void> removeToken(const std::string& id) override;

  Health health() const override { return writer_ ? writer_->health() : Health::Ok; }
  int64_t highestOrderKey() const override;
  uint64_t sizeBytes() const override;
  void flush() override;

 private:
  friend EngineStore<SqliteStore>;
  SqliteStore(std::string path, bool read_only)
      : path_(std::move(path)), reader_(path_, names_, read_only) {}
  Result<void> startWriting(const StoreOptions& options, const Clock& clock);
  Result<void> startReading();
  Result<void> edit(const std::function<Result<void>(Database&)>& change) {
    return editOn<Database>(change);
  }

  const std::string path_;
  FingerprintKey key_;
  std::optional<ProcessLock> lock_;  // given up last
  NameTable names_;
  std::unique_ptr<Writer> writer_;  // none: read-only
  Reader reader_;  // closed before the writer, whose close then folds the log into the file
};

}  // namespace junctor::store
