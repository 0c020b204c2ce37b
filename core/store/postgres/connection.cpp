#include "store/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <cstring>

#include "base/limits.h"

namespace junctor::store::postgres {
namespace {

void appendBig(std::string& out, uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

struct ConninfoFree {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

// What a location does not say itself. The timeouts notice a peer that fell silent.
const std::pair<const char*, const char*> kDefaults[] = {
    {"connect_timeout", "3"},      {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},  {"keepalives_count", "3"},
    {"tcp_user_timeout", "10000"}, {"application_name", "junctor"},
    {"client_encoding", "UTF8"},   {"target_session_attrs", "read-write"}};

void ignoreNotice(void*, const char*) {}

Fault faultOf(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  if (state.empty() || kind == "08" || kind == "57" || state == "25006" || state == "25P03") {
    return Fault::Lost;  // 25006: the server became a standby; 25P03: paused inside a transaction
  }
  if (kind == "40" || kind == "55") return Fault::Again;
  if (kind == "53" || kind == "54") return Fault::Full;
  return Fault::Own;
}

ErrorCode codeOf(std::string_view state) {
  switch (faultOf(state)) {
    case Fault::Own:
      if (state == "23505") return ErrorCode::AlreadyExists;
      if (state.starts_with("22") || state.starts_with("23")) return ErrorCode::InvalidArgument;
      return ErrorCode::Internal;
    default:
      return ErrorCode::Unavailable;
  }
}

}  // namespace

Rows::Rows(pg_result* result) : result_(result, PQclear) {}

size_t Rows::size() const {
  return result_ ? static_cast<size_t>(PQntuples(result_.get())) : 0;
}

int64_t Rows::changed() const {
  return result_ ? std::atoll(PQcmdTuples(result_.get())) : 0;
}

std::string_view Rows::bytes(int column) const {
  if (PQgetisnull(result_.get(), at_, column)) return {};
  return {PQgetvalue(result_.get(), at_, column),
          static_cast<size_t>(PQgetlength(result_.get(), at_, column))};
}

int64_t Rows::integer(int column) const {
  const std::string_view raw = bytes(column);
  uint64_t value = 0;
  for (const char byte : raw) value = value << 8 | static_cast<unsigned char>(byte);
  switch (raw.size()) {
    case 2:
      return static_cast<int16_t>(value);
    case 4:
      return static_cast<int32_t>(value);
    default:
      return static_cast<int64_t>(value);
  }
}

std::optional<int64_t> Rows::maybeInteger(int column) const {
  if (PQgetisnull(result_.get(), at_, column)) return std::nullopt;
  return integer(column);
}

// The wire form of a one-dimensional array: dimensions, has-null, element type, length, first
// index.
Column::Column(Type type) {
  appendBig(out_, 1, 4);
  appendBig(out_, 1, 4);
  appendBig(out_, type, 4);
  appendBig(out_, 0, 4);
  appendBig(out_, 1, 4);
}

void Column::addSize(uint32_t size) {
  appendBig(out_, size, 4);
  ++count_;
}

void Column::add(int64_t value) {
  addSize(8);
  appendBig(out_, static_cast<uint64_t>(value), 8);
}

void Column::add(std::string_view value) {
  addSize(static_cast<uint32_t>(value.size()));
  out_.append(value);
}

void Column::addNull() {
  addSize(0xffffffff);
}

std::string Column::take() {
  if (count_ == 0) return out_.substr(0, 12).replace(0, 4, std::string(4, '\0'));
  std::string count;
  appendBig(count, count_, 4);
  out_.replace(12, 4, count);
  return std::move(out_);
}

Params& Params::add(int64_t value) {
  std::string out;
  appendBig(out, static_cast<uint64_t>(value), 8);
  values_.push_back(std::move(out));
  return *this;
}

Params& Params::add(std::string_view value) {
  values_.emplace_back(value);
  return *this;
}

Params& Params::add(Column&& column) {
  values_.push_back(column.take());
  return *this;
}

// A location that cannot be parsed is not repeated in the error: it may hold a password.
Result<std::unique_ptr<Connection>> Connection::open(const std::string& location,
                                                     const Clock& clock, bool host) {
  char* problem = nullptr;
  std::unique_ptr<PQconninfoOption, ConninfoFree> given(
      PQconninfoParse(location.c_str(), &problem));
  PQfreemem(problem);
  if (!given) return invalidArgument("the store's postgres:// location cannot be read");
  std::vector<const char*> keys, values;
  for (const PQconninfoOption* option = given.get(); option->keyword; ++option) {
    if (!option->val) continue;
    keys.push_back(option->keyword);
    values.push_back(option->val);
  }
  const size_t own = keys.size();
  for (const auto& [key, value] : kDefaults) {
    bool said = false;
    for (size_t i = 0; i < own; ++i) said |= std::strcmp(keys[i], key) == 0;
    if (said) continue;
    keys.push_back(key);
    values.push_back(value);
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  std::unique_ptr<Connection> connection(
      new Connection(PQconnectdbParams(keys.data(), values.data(), 0), clock));
  if (PQstatus(connection->handle_) != CONNECTION_OK) {
    return connection->lose(PQerrorMessage(connection->handle_));
  }
  PQsetNoticeProcessor(connection->handle_, ignoreNotice, nullptr);
  // Joins by index only: the statements are few, short and about known rows, and a plan made while
  // a table was empty must not scan it when it is not.
  std::string settings =
      "SET jit=off; SET synchronous_commit=on; SET plan_cache_mode=force_generic_plan;"
      " SET enable_seqscan=off; SET enable_hashjoin=off; SET enable_mergejoin=off;"
      " SET enable_bitmapscan=off;";
  if (host) settings += "SET junctor.host='on';";
  JUNCTOR_CHECK(connection->script(settings));
  return connection;
}

Connection::~Connection() {
  PQfinish(handle_);
}

Error Connection::lose(const std::string& why) {
  lost_ = true;
  fault_ = Fault::Lost;
  const size_t end = why.find('\n');
  return unavailable("postgres: " + why.substr(0, end));
}

Error Connection::failed(const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string_view code = state ? state : "";
  if (PQstatus(handle_) != CONNECTION_OK || faultOf(code) == Fault::Lost) {
    return lose(message ? message : "the session ended");
  }
  fault_ = faultOf(code);
  return makeError(codeOf(code), "postgres: " + std::string(message ? message : "failed") + " (" +
                                     std::string(code) + ")");
}

bool Connection::awaitAnswer() {
  const int64_t deadline = clock_.monotonicMs() + limits::kStoreAnswerMs;
  while (PQisBusy(handle_)) {
    pollfd waiting{PQsocket(handle_), POLLIN, 0};
    const int64_t left = deadline - clock_.monotonicMs();
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) return false;
    if (PQconsumeInput(handle_) == 0) return false;
  }
  return true;
}

Result<Rows> Connection::receive() {
  if (!awaitAnswer()) return lose("no answer in time, or the connection broke");
  Rows rows;
  PGresult* result = PQgetResult(handle_);
  if (!result) return lose("an answer is missing");
  rows = Rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rows;
  if (status == PGRES_PIPELINE_ABORTED) return internalError("postgres: an earlier step failed");
  return failed(result);
}

Result<void> Connection::prepare(const std::string& sql) {
  if (prepared_.contains(sql)) return {};
  const std::string name = "s" + std::to_string(prepared_.size());
  if (PQsendPrepare(handle_, name.c_str(), sql.c_str(), 0, nullptr) == 0) {
    return lose(PQerrorMessage(handle_));
  }
  auto answer = receive();
  while (PGresult* rest = PQgetResult(handle_)) PQclear(rest);
  if (!answer) return std::move(answer).error();
  prepared_.emplace(sql, name);
  return {};
}

Result<void> Connection::send(const Query& query) {
  const std::vector<std::string>& given = query.params.values_;
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::string& value : given) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  const std::vector<int> formats(given.size(), 1);
  if (PQsendQueryPrepared(handle_, prepared_.at(query.sql).c_str(), static_cast<int>(given.size()),
                          values.data(), lengths.data(), formats.data(), 1) == 0) {
    return lose(PQerrorMessage(handle_));
  }
  return {};
}

Result<Rows> Connection::run(const Query& query) {
  fault_ = Fault::None;
  JUNCTOR_CHECK(prepare(query.sql));
  JUNCTOR_CHECK(send(query));
  auto answer = receive();
  if (lost_) return answer;
  while (PGresult* rest = PQgetResult(handle_)) PQclear(rest);
  return answer;
}

Result<std::vector<Rows>> Connection::runAll(const std::vector<Query>& queries) {
  fault_ = Fault::None;
  for (const Query& query : queries) JUNCTOR_CHECK(prepare(query.sql));
  if (PQenterPipelineMode(handle_) == 0) return lose(PQerrorMessage(handle_));
  for (const Query& query : queries) JUNCTOR_CHECK(send(query));
  if (PQpipelineSync(handle_) == 0) return lose(PQerrorMessage(handle_));
  std::vector<Rows> answers;
  std::optional<Error> error;
  for (size_t i = 0; i < queries.size(); ++i) {
    auto answer = receive();
    if (lost_) return answer.error();
    if (!answer && !error) error = answer.error();
    if (answer) answers.push_back(*std::move(answer));
    if (PGresult* end = PQgetResult(handle_)) PQclear(end);  // the null behind each answer
  }
  if (!awaitAnswer()) return lose("no answer in time");
  PQclear(PQgetResult(handle_));  // of the sync
  PQexitPipelineMode(handle_);
  if (error) return *std::move(error);
  return answers;
}

Result<void> Connection::script(const std::string& sql) {
  fault_ = Fault::None;
  if (PQsendQuery(handle_, sql.c_str()) == 0) return lose(PQerrorMessage(handle_));
  Result<void> outcome;
  for (;;) {
    if (!awaitAnswer()) return lose("no answer in time, or the connection broke");
    PGresult* result = PQgetResult(handle_);
    if (!result) return outcome;
    const Rows rows(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR && outcome) outcome = failed(result);
  }
}

std::optional<std::string> Connection::notice(int64_t wait_ms) {
  const auto next = [this]() -> std::optional<std::string> {
    PGnotify* notify = PQnotifies(handle_);
    if (!notify) return std::nullopt;
    std::string payload = notify->extra ? notify->extra : "";
    PQfreemem(notify);
    return payload;
  };
  if (auto waiting = next()) return waiting;
  pollfd waiting{PQsocket(handle_), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(wait_ms)) > 0 && PQconsumeInput(handle_) == 0) {
    lost_ = true;
  }
  return next();
}

}  // namespace junctor::store::postgres
