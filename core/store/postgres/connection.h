#pragma once
// Connection: one session with the database. Values travel in binary form, statements are prepared
// once, whole groups of them share a round trip. One thread at a time.
//
// No statement waits longer than limits::kStoreAnswerMs: a session that does not answer is given up
// (Fault::Lost), and what its transaction became of is then unknown.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/write_connection.h"

struct pg_conn;
struct pg_result;

namespace junctor::store::postgres {

// The rows of an answer, stepped through. Column types are recognized by their length.
class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result);

  size_t size() const;
  bool row() { return ++at_ < static_cast<int>(size()); }
  void rewind() { at_ = -1; }
  int64_t changed() const;  // rows that the statement wrote

  int64_t integer(int column) const;
  uint64_t word(int column) const { return static_cast<uint64_t>(integer(column)); }
  std::optional<int64_t> maybeInteger(int column) const;
  std::string_view bytes(int column) const;  // lives as long as the rows
  std::string text(int column) const { return std::string(bytes(column)); }
  std::string name(int column) const { return text(column); }

 private:
  std::shared_ptr<pg_result> result_;
  int at_ = -1;
};

// One array parameter: a column of a multi-row statement.
class Column {
 public:
  enum Type : uint32_t { Numbers = 20, Texts = 25, Bytes = 17, Uuids = 2950 };
  explicit Column(Type type);
  void add(int64_t value);
  void add(std::string_view value);
  void addNull();
  // Empty text as NULL: most columns are.
  void addSome(std::string_view value) { value.empty() ? addNull() : add(value); }
  std::string take();  // the encoded array
  size_t bytes() const { return out_.size(); }

 private:
  void addSize(uint32_t size);
  std::string out_;
  uint32_t count_ = 0;
};

class Params {
 public:
  Params& add(int64_t value);
  Params& add(std::string_view value);
  Params& add(const char* value) { return add(std::string_view(value)); }
  Params& add(const std::string& value) { return add(std::string_view(value)); }
  Params& add(Column&& column);
  template <class... Values>
  static Params of(Values&&... values) {
    Params params;
    (params.add(std::forward<Values>(values)), ...);
    return params;
  }

 private:
  friend class Connection;
  std::vector<std::string> values_;
};

struct Query {
  std::string sql;
  Params params{};
};

enum class Fault {
  None,
  Own,    // one operation's own fault: the others may go on
  Again,  // a deadlock or the like: the same transaction may pass now
  Full,   // the server has no space or memory
  Lost,   // the session is gone
};

class Connection final : public WriteConnection {
 public:
  // `host`: sees the rows of all tenants; else those of the tenant that forTenant() named.
  static Result<std::unique_ptr<Connection>> open(const std::string& location, const Clock& clock,
                                                  bool host);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<Rows> run(const Query& query);
  // In one round trip; stops at the first that fails. The answers in order.
  Result<std::vector<Rows>> runAll(const std::vector<Query>& queries);
  // Any number of statements, without parameters.
  Result<void> script(const std::string& sql);

  Fault fault() const { return fault_; }  // of the last call
  void setFault(Fault fault) { fault_ = fault; }
  bool lost() const { return lost_; }

  // Waits for a notice at most that long; the channel's payload, or nothing.
  std::optional<std::string> notice(int64_t wait_ms);

 private:
  Connection(pg_conn* handle, const Clock& clock) : handle_(handle), clock_(clock) {}
  Result<void> prepare(const std::string& sql);
  Result<void> send(const Query& query);
  Result<Rows> receive();
  bool awaitAnswer();
  Error failed(const pg_result* result);
  Error lose(const std::string& why);

  pg_conn* handle_;
  const Clock& clock_;
  std::unordered_map<std::string, std::string> prepared_;  // sql -> name
  Fault fault_ = Fault::None;
  bool lost_ = false;
};

}  // namespace junctor::store::postgres
