#include "action/verdict.h"

#include "base/json_writer.h"

namespace junctor::action {
namespace {

struct Words {
  Class of;
  std::string_view name;
  int status;
  std::string_view title;
};
// Not 401 and 403: those speak of the caller's own token.
constexpr Words kWords[] = {
    {Class::Retry, "retry", 503, "The provider cannot do it now"},
    {Class::Rate, "rate", 429, "The provider takes no more for now"},
    {Class::Auth, "auth", 424, "The provider refuses the credential"},
    {Class::Invalid, "invalid", 422, "The provider or connector refuses the request"},
    {Class::NotFound, "not_found", 422, "The provider has no such object"},
    {Class::Conflict, "conflict", 409, "It exists already, or has changed"},
    {Class::Unknown, "unknown", 502, "It may have been done; nobody can tell"},
    {Class::Fault, "fault", 500, "The act failed on this side"},
};
const Words& wordsOf(Class of) {
  for (const Words& words : kWords) {
    if (words.of == of) return words;
  }
  return kWords[7];
}

Class plainClass(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
    case ErrorCode::Unimplemented:
      return Class::Invalid;
    case ErrorCode::NotFound:
      return Class::NotFound;
    case ErrorCode::AlreadyExists:
      return Class::Conflict;
    case ErrorCode::PermissionDenied:
    case ErrorCode::Unauthenticated:
      return Class::Auth;
    case ErrorCode::ResourceExhausted:
      return Class::Rate;
    case ErrorCode::Unavailable:
    case ErrorCode::DeadlineExceeded:
    case ErrorCode::Cancelled:
      return Class::Retry;
    case ErrorCode::DataLoss:
    case ErrorCode::Internal:
      return Class::Fault;
  }
  return Class::Fault;
}

void begin(JsonWriter& out, std::string_view slug, std::string_view title, int status,
           std::string_view detail) {
  out.beginObject();
  out.key("type").string("https://junctor.dev/problems/" + std::string(slug));
  out.key("title").string(title).key("status").integer(status).key("detail").string(detail);
}

}  // namespace

std::string_view toString(Class of) {
  return wordsOf(of).name;
}

// A provider's rate names its pause or says 429; a size limit of ours does neither.
Class classOf(const Error& error, const plugin::CallRecord& record) {
  Class plain = plainClass(error.code);
  if (plain == Class::Rate && !error.retry_after && record.http_status != 429) {
    plain = Class::Invalid;
  }
  // A refusal that the provider itself has spoken was not carried out.
  const bool answered = record.http_status > 0 && record.http_status < 500;
  const bool may_be_done = record.unrepeatable > 0 && !answered;
  if (may_be_done && (plain == Class::Retry || plain == Class::Fault)) return Class::Unknown;
  return plain;
}

Answer problem(Class of, const Error& error, const plugin::CallRecord& record) {
  const Words& words = wordsOf(of);
  JsonWriter out;
  begin(out, "provider-" + std::string(words.name), words.title, words.status, error.message);
  out.key("class").string(words.name);
  if (record.http_status > 0) out.key("provider_status").integer(record.http_status);
  if (!record.provider_code.empty()) out.key("provider_code").string(record.provider_code);
  out.endObject();
  Answer answer{words.status, std::move(out).take()};
  if (of == Class::Rate || of == Class::Retry) {
    answer.retry_after = error.retry_after.value_or(std::chrono::seconds(1));
  }
  return answer;
}

Answer problem(int status, std::string_view slug, const std::string& detail) {
  JsonWriter out;
  begin(out, slug, detail, status, detail);
  out.endObject();
  return {status, std::move(out).take()};
}

}  // namespace junctor::action
