#include "store/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>

namespace junctor::store {
namespace {

constexpr int kWriterBusyMs = 5'000;  // somebody runs a shell on the file: wait, then say so
constexpr int kReaderBusyMs = 2'000;
constexpr int kRestartBusyMs = 100;  // a reader that stays longer keeps the log growing

Failure classify(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return Failure::Constraint;
    case SQLITE_FULL:
      return Failure::Full;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
      return Failure::Busy;
    default:
      return Failure::Broken;
  }
}

Error translate(int code, const std::string& message) {
  const std::string text = "sqlite: " + message + " (" + std::to_string(code) + ")";
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return makeError(ErrorCode::AlreadyExists, text);
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return invalidArgument(text);
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return unavailable(text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return makeError(ErrorCode::DataLoss, text);
    default:
      return internalError(text);
  }
}

// SQLite would create the file with the umask's rights; the log and its index copy the file's. A
// new file is in its folder for good only after the folder's own fsync.
Result<void> createPrivately(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return {};
  if (fd < 0) return unavailable(path + ": " + std::generic_category().message(errno));
  ::close(fd);
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder_fd >= 0 && ::fsync(folder_fd) == 0;
  if (folder_fd >= 0) ::close(folder_fd);
  if (!synced) return unavailable(folder + ": cannot be made durable");
  return {};
}

// Memory statistics cost two locks per allocation. Only before SQLite's first use.
void configureOnce() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

int rememberFrames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
  configureOnce();
  const bool write = mode == Mode::ReadWrite;
  if (write) JUNCTOR_CHECK(createPrivately(path));
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX | (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  if (code != SQLITE_OK) {
    return translate(code, path + ": " + (handle ? sqlite3_errmsg(handle) : "out of memory"));
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, write ? kWriterBusyMs : kReaderBusyMs);
  if (!write) {
    JUNCTOR_CHECK(database->run("PRAGMA query_only=1; PRAGMA cache_size=-2048"));
    return database;
  }
  JUNCTOR_CHECK(
      database->run("PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                    "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=100663296;"
                    "PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=OFF"));
  sqlite3_wal_hook(handle, rememberFrames, &database->wal_frames_);
  return database;
}

Database::~Database() {
  sqlite3_close_v2(handle_);
}

Result<void> Database::run(const std::string& sql) {
  char* message = nullptr;
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message);
  if (code == SQLITE_OK) return {};
  const std::string text = message ? message : sqlite3_errmsg(handle_);
  sqlite3_free(message);
  return translate(sqlite3_extended_errcode(handle_), text);
}

bool Database::inTransaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

void Database::fail(int code) {
  if (failure_ != Failure::None) return;
  failure_ = classify(code);
  code_ = code;
  message_ = sqlite3_errmsg(handle_);
}

Error Database::error() const {
  return translate(code_, message_);
}

Result<void> Database::checkpoint(bool restart) {
  const int mode = restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
  sqlite3_busy_timeout(handle_, kRestartBusyMs);
  const int code = sqlite3_wal_checkpoint_v2(handle_, "main", mode, nullptr, nullptr);
  sqlite3_busy_timeout(handle_, kWriterBusyMs);
  // Readers in the way are no failure: what they hold back is copied the next time.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
  fail(code);
  return error();
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  const int code = sqlite3_prepare_v3(database.handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) database.fail(code);
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

void Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(handle_, index, value);
}

void Statement::bind(int index, std::string_view text) {
  if (text.empty()) {
    sqlite3_bind_null(handle_, index);
  } else {
    sqlite3_bind_text(handle_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
}

void Statement::bind(int index, Blob blob) {
  if (blob.bytes.empty()) {
    sqlite3_bind_null(handle_, index);
  } else {
    sqlite3_bind_blob(handle_, index, blob.bytes.data(), static_cast<int>(blob.bytes.size()),
                      SQLITE_STATIC);
  }
}

void Statement::bind(int index, std::nullopt_t) {
  sqlite3_bind_null(handle_, index);
}

void Statement::bind(int index, const std::optional<int64_t>& value) {
  if (value) {
    bind(index, *value);
  } else {
    sqlite3_bind_null(handle_, index);
  }
}

bool Statement::run() {
  if (database_->failure_ != Failure::None || !handle_) return false;
  const int code = sqlite3_step(handle_);
  if (code != SQLITE_DONE && code != SQLITE_ROW) database_->fail(code);
  sqlite3_reset(handle_);
  return code == SQLITE_DONE || code == SQLITE_ROW;
}

bool Statement::row() {
  if (database_->failure_ != Failure::None || !handle_) return false;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_->fail(code);
  sqlite3_reset(handle_);
  return false;
}

void Statement::reset() {
  sqlite3_reset(handle_);
}

int Statement::changedRows() const {
  return sqlite3_changes(database_->handle_);
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::optional<int64_t> Statement::maybeInteger(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  if (!data) return {};
  return {static_cast<const char*>(data),
          static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

}  // namespace junctor::store
