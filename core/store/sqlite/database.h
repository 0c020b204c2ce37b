#pragma once
// Database and Statement: one SQLite connection and its prepared statements. One thread at a time.
// Errors are sticky: after a failed step every later step of the connection fails too, until
// clearFailure(). So a transaction is checked once, at its end, and never commits half an
// operation.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "store/write_connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace junctor::store {

// Which kind of thing went wrong decides what the writer does next.
enum class Failure {
  None,
  Constraint,  // one operation's own fault: the others may go on
  Full,        // no space: the batch fails, later ones may pass
  Busy,        // somebody else holds a lock: the batch fails
  Broken,      // I/O error or damage: nothing may be written any more
};

class Database final : public WriteConnection {
 public:
  enum class Mode { ReadWrite, ReadOnly };

  // ReadWrite: creates the file (0600) if absent, 8 KiB pages, WAL, synchronous=FULL, no automatic
  // checkpoint. ReadOnly: read-only connection to an existing file.
  static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<void> run(const std::string& sql);  // any number of statements
  bool inTransaction() const;

  Failure failure() const { return failure_; }
  Error error() const;  // of the first failed step
  void clearFailure() { failure_ = Failure::None; }

  // Frames in the write-ahead log after the last commit of this connection.
  int walFrames() const { return wal_frames_; }
  // Copies the log into the database file. `restart` waits for readers, so that the log starts
  // over.
  Result<void> checkpoint(bool restart);

 private:
  friend class Statement;
  explicit Database(sqlite3* handle) : handle_(handle) {}
  void fail(int code);

  sqlite3* handle_;
  Failure failure_ = Failure::None;
  int code_ = 0;
  std::string message_;
  int wal_frames_ = 0;
};

struct Blob {
  std::string_view bytes;
};

// A prepared statement. Bound text is not copied: it must live until run() or the last row() (both
// leave the statement ready for the next use; call reset() after reading fewer rows than there
// are).
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  // Binds all parameters in order. Empty text and blobs are stored as NULL and read back as "".
  template <class... Values>
  Statement& with(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  void bind(int index, int64_t value);
  void bind(int index, int value) { bind(index, static_cast<int64_t>(value)); }
  void bind(int index, bool value) { bind(index, static_cast<int64_t>(value)); }
  void bind(int index, uint64_t value) { bind(index, static_cast<int64_t>(value)); }
  void bind(int index, uint32_t value) { bind(index, static_cast<int64_t>(value)); }
  void bind(int index, std::string_view text);
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, Blob blob);
  void bind(int index, std::nullopt_t);
  void bind(int index, const std::optional<int64_t>& value);

  // Runs a statement without result rows. False if it failed (see Database::error()).
  bool run();
  // Steps to the next row. False at the end and on failure.
  bool row();
  void reset();
  int changedRows() const;

  // Columns of the current row, from 0. Views live until the next row() or reset().
  int64_t integer(int column) const;
  uint64_t word(int column) const { return static_cast<uint64_t>(integer(column)); }
  std::optional<int64_t> maybeInteger(int column) const;
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  Database* database_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace junctor::store
