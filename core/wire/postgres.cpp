// PostgreSQL: one statement with its parameters. libpq speaks; the address it dials is the one that
// the guard has judged, so that nothing that DNS says later matters.
#include <libpq-fe.h>
#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <memory>

#include "wire/parts.h"

namespace junctor::wire {
namespace {

constexpr int kLookMs = 50;

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Rows = std::unique_ptr<PGresult, Finish>;

// The first address that may be dialed, as a literal.
Result<std::string> addressOf(const Parts& parts) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(parts.host.c_str(), nullptr, &hints, &list) != 0) {
    return unavailable("the host name does not resolve");
  }
  const std::unique_ptr<addrinfo, Finish> owned(list);
  std::string reason = "it has no address";
  for (const addrinfo* each = list; each; each = each->ai_next) {
    char literal[NI_MAXHOST];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, literal, sizeof literal, nullptr, 0,
                    NI_NUMERICHOST) != 0) {
      continue;
    }
    const auto verdict = net::classifyAddress(literal, parts.limits.allow_private);
    if (verdict.allowed) return std::string(literal);
    reason = verdict.reason;
  }
  return makeError(ErrorCode::PermissionDenied, "the address is refused: " + reason);
}

class Session {
 public:
  explicit Session(const Parts& parts) : parts_(parts) {}

  // False: the server refused; `refused` says how.
  Result<bool> open() {
    JUNCTOR_TRY(const std::string address, addressOf(parts_));
    const std::string port = std::to_string(parts_.port);
    // Off the private network nothing goes unencrypted or to whoever answers.
    const char* tls = parts_.limits.allow_private ? "prefer" : "verify-full";
    const char* const names[] = {"host",     "hostaddr",         "port",    "dbname",
                                 "user",     "password",         "sslmode", "sslrootcert",
                                 "passfile", "application_name", "options", nullptr};
    const char* const values[] = {parts_.host.c_str(),
                                  address.c_str(),
                                  port.c_str(),
                                  parts_.path.c_str(),
                                  parts_.user.c_str(),
                                  parts_.password.c_str(),
                                  tls,
                                  "/etc/ssl/certs/ca-certificates.crt",
                                  "/dev/null",
                                  "junctor",
                                  "",
                                  nullptr};
    connection_.reset(PQconnectStartParams(names, values, 0));
    if (!connection_) return unavailable("no connection");
    for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
      if (state == PGRES_POLLING_FAILED) return rejected();
      JUNCTOR_CHECK(wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT));
      state = PQconnectPoll(connection_.get());
    }
    return true;
  }

  Result<Rows> run(const std::string& sql, const std::vector<std::optional<std::string>>& params) {
    std::vector<const char*> values;
    for (const auto& param : params) values.push_back(param ? param->c_str() : nullptr);
    const int sent =
        PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                          values.data(), nullptr, nullptr, 0);
    if (sent != 1) return unavailable("the statement could not be sent");
    while (PQisBusy(connection_.get())) {
      JUNCTOR_CHECK(wait(POLLIN));
      if (PQconsumeInput(connection_.get()) != 1) {
        return makeError(ErrorCode::DataLoss, "the connection ended before the answer did");
      }
    }
    return Rows(PQgetResult(connection_.get()));
  }

 private:
  // What libpq says of a failed start names address and user; what a caller needs is which kind.
  Result<bool> rejected() const {
    const std::string why = PQerrorMessage(connection_.get());
    const bool auth = why.find("authentication") != std::string::npos ||
                      why.find("password") != std::string::npos ||
                      why.find("role \"") != std::string::npos;
    if (auth || why.find("database \"") != std::string::npos) return false;
    return unavailable("no connection");
  }

  Result<void> wait(short events) const {
    const Clock& clock = *parts_.clock;
    for (;;) {
      if (parts_.limits.cancelled && parts_.limits.cancelled->load()) {
        return makeError(ErrorCode::Cancelled, "the call was cancelled; it may have been sent");
      }
      const int64_t left_ms = (parts_.limits.deadline_ns - clock.monotonicNs()) / 1'000'000;
      if (left_ms <= 0) return makeError(ErrorCode::DeadlineExceeded, "no answer in time");
      pollfd watch{PQsocket(connection_.get()), events, 0};
      if (::poll(&watch, 1, static_cast<int>(std::min<int64_t>(left_ms, kLookMs))) > 0) return {};
    }
  }

  const Parts& parts_;
  Connection connection_;
};

Json rowsOf(const PGresult* result) {
  Json rows = Json::array();
  for (int row = 0; row < PQntuples(result); ++row) {
    Json one = Json::object();
    for (int column = 0; column < PQnfields(result); ++column) {
      one[PQfname(result, column)] = PQgetisnull(result, row, column) == 1
                                         ? Json()
                                         : Json(std::string(PQgetvalue(result, row, column)));
    }
    rows.push_back(std::move(one));
  }
  return rows;
}

// By SQLSTATE class: 08 connection, 53 resources, 57 the operator, 40 another transaction.
net::OutboundResponse failed(const PGresult* result) {
  const auto field = [&](int which) {
    const char* text = PQresultErrorField(result, which);
    return std::string(text ? text : "");
  };
  const std::string state = field(PG_DIAG_SQLSTATE), kind = state.substr(0, 2);
  const bool passes = kind == "08" || kind == "53" || kind == "57" || kind == "40";
  const int status = passes ? 503 : state == "42501" ? 403 : kind == "23" ? 409 : 422;
  return refusal(status, state, field(PG_DIAG_MESSAGE_PRIMARY));
}

Result<std::vector<std::optional<std::string>>> paramsOf(const Json& list) {
  std::vector<std::optional<std::string>> out;
  if (!list.is_array()) return invalidArgument("params must be a list");
  for (const Json& param : list) {
    if (param.is_null()) {
      out.emplace_back();
      continue;
    }
    std::string text = param.is_string() ? param.get<std::string>() : dumpJson(param);
    if (text.find('\0') != text.npos) return invalidArgument("a parameter holds a zero byte");
    out.emplace_back(std::move(text));
  }
  return out;
}

}  // namespace

Result<net::OutboundResponse> postgresExchange(const Parts& parts) {
  const auto json = parseJson(parts.body);
  if (!json || !json->is_object()) return invalidArgument("the body must be an object");
  JUNCTOR_TRY(const auto params, paramsOf(json->value("params", Json::array())));
  Session session(parts);
  JUNCTOR_TRY(const bool open, session.open());
  if (!open) return refusal(401, "login", "the server refuses user, password or database");
  JUNCTOR_TRY(const Rows rows, session.run(json->value("sql", std::string()), params));
  const ExecStatusType status = PQresultStatus(rows.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(rows.get());
  return answer(200,
                {{"rows", rowsOf(rows.get())}, {"affected", std::string(PQcmdTuples(rows.get()))}});
}

}  // namespace junctor::wire
