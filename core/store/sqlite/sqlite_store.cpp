#include "store/sqlite/sqlite_store.h"

#include <sys/stat.h>

#include <future>

#include "base/files.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/random.h"
#include "store/sqlite/migrations.h"
#include "store/sqlite/rows.h"

namespace junctor::store {
namespace {

std::string folderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// junctor.db -> junctor.lock
std::string lockPathOf(const std::string& path) {
  const bool named = path.ends_with(".db");
  return (named ? path.substr(0, path.size() - 3) : path) + ".lock";
}

uint64_t fileBytes(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

// The fingerprints' key is made once per store: stored fingerprints depend on it.
Result<FingerprintKey> loadFingerprintKey(Database& database) {
  Statement put(database, "INSERT OR IGNORE INTO setting VALUES (?,?)");
  put.with("fingerprint_k0", entropy()).run();
  put.with("fingerprint_k1", entropy()).run();
  Statement get(database,
                "SELECT value FROM setting WHERE name IN ('fingerprint_k0',"
                " 'fingerprint_k1') ORDER BY name");
  FingerprintKey key;
  if (get.row()) key.k0 = get.word(0);
  if (get.row()) key.k1 = get.word(0);
  if (database.failure() != Failure::None) return database.error();
  return key;
}

Result<void> runEdit(Database& database, Statement& statement) {
  if (!statement.run()) return database.error();
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> SqliteStore::open(const std::string& path,
                                                 const StoreOptions& options, const Clock& clock) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(path, options.read_only));
  JUNCTOR_CHECK(options.read_only ? store->startReading() : store->startWriting(options, clock));
  return std::unique_ptr<Store>(std::move(store));
}

Result<void> SqliteStore::startReading() {
  if (!fileExists(path_)) return notFound(path_ + ": no store there");
  JUNCTOR_TRY(auto database, Database::open(path_, Database::Mode::ReadOnly));
  JUNCTOR_CHECK(checkSchema(*database, migrations()));
  return names_.load(*database);
}

Result<void> SqliteStore::startWriting(const StoreOptions& options, const Clock& clock) {
  JUNCTOR_CHECK(makeFolders(folderOf(path_)));
  JUNCTOR_TRY(ProcessLock lock, ProcessLock::take(lockPathOf(path_)));
  lock_.emplace(std::move(lock));
  JUNCTOR_TRY(auto database, Database::open(path_, Database::Mode::ReadWrite));
  JUNCTOR_CHECK(migrate(*database, migrations(), clock));
  JUNCTOR_TRY(key_, loadFingerprintKey(*database));
  JUNCTOR_CHECK(names_.load(*database));
  const int64_t window_ms =
      options.dedupe_window_ms > 0 ? options.dedupe_window_ms : limits::kDedupeWindowMs;
  JUNCTOR_TRY(auto session, WriteSession::open(*database, names_, key_, window_ms, clock));
  WriterOptions writing;
  writing.folder = folderOf(path_);
  writing.low_space_bytes =
      options.low_space_bytes > 0 ? options.low_space_bytes : limits::kLowSpaceBytes;
  writing.free_bytes = options.free_bytes ? options.free_bytes : freeBytes;
  writer_ =
      std::make_unique<Writer>(std::move(database), std::move(session), std::move(writing), clock);
  return {};
}

void SqliteStore::append(RawRequestPtr request, AppendDone done) {
  AppendWrite write;
  write.done = std::move(done);
  if (!writer_) {
    write.result = readOnly();
    return write.complete();
  }
  write.headers = encodeHeaders(request->headers);
  write.checksum = checksumOf(*request, write.headers);
  if (!request->dedupe_key.empty()) {
    write.print =
        fingerprint(key_, DedupeSpace::Request, request->integration, request->dedupe_key);
  }
  write.request = std::move(request);
  writer_->append(std::move(write));
}

Result<int64_t> SqliteStore::unpark(const std::string& integration, int64_t limit) {
  int64_t moved = 0;
  JUNCTOR_CHECK(edit([&](Database& database) -> Result<void> {
    Statement last(database,
                   "SELECT coalesce(max(key), 0) FROM (SELECT key FROM parked WHERE integration=?"
                   " ORDER BY key LIMIT ?)");
    if (!last.with(integration, limit).row()) return database.error();
    const int64_t to = last.integer(0);
    last.reset();
    Statement put(database,
                  "INSERT INTO inbox SELECT key, id_lo, tenant FROM parked WHERE integration=? AND"
                  " key<=?");
    JUNCTOR_CHECK(runEdit(database, put.with(integration, to)));
    Statement take(database, "DELETE FROM parked WHERE integration=? AND key<=?");
    JUNCTOR_CHECK(runEdit(database, take.with(integration, to)));
    moved = take.changedRows();
    return {};
  }));
  return moved;
}

Result<void> SqliteStore::putDocument(const std::string& kind, const std::string& key,
                                      const std::string& json) {
  if (kind.empty() || key.empty() || json.empty()) {
    return invalidArgument("a document needs a kind, a key and a text");
  }
  return edit([&](Database& database) {
    Statement put(database, "INSERT OR REPLACE INTO document VALUES (?,?,?)");
    return runEdit(database, put.with(kind, key, json));
  });
}

Result<void> SqliteStore::removeDocument(const std::string& kind, const std::string& key) {
  return edit([&](Database& database) -> Result<void> {
    Statement remove(database, "DELETE FROM document WHERE kind=? AND key=?");
    JUNCTOR_CHECK(runEdit(database, remove.with(kind, key)));
    if (remove.changedRows() == 0) return notFound(kind + " '" + key + "' is not stored");
    return {};
  });
}

Result<void> SqliteStore::putToken(const Token& token) {
  if (token.id.empty() || token.sha256_hex.empty() || token.role.empty()) {
    return invalidArgument("a token needs an id, a hash and a role");
  }
  return edit([&](Database& database) {
    Statement put(database,
                  "INSERT INTO token VALUES (?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
                  " sha256=excluded.sha256, tenant=excluded.tenant, role=excluded.role,"
                  " created_at=excluded.created_at, expires_at=excluded.expires_at");
    return runEdit(database, put.with(token.id, token.sha256_hex, token.tenant, token.role,
                                      token.created_at_ms, token.expires_at_ms));
  });
}

Result<void> SqliteStore::removeToken(const std::string& id) {
  return edit([&](Database& database) -> Result<void> {
    Statement remove(database, "DELETE FROM token WHERE id=?");
    JUNCTOR_CHECK(runEdit(database, remove.with(id)));
    if (remove.changedRows() == 0) return notFound("token '" + id + "' is not stored");
    return {};
  });
}

int64_t SqliteStore::highestOrderKey() const {
  if (writer_) return writer_->highestKey();
  auto highest = const_cast<Reader&>(reader_).highestKey();
  return highest ? *highest : 0;
}

uint64_t SqliteStore::sizeBytes() const {
  return fileBytes(path_) + fileBytes(path_ + "-wal");
}

void SqliteStore::flush() {
  if (writer_) writer_->flush();
}

}  // namespace junctor::store
