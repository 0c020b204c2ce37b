#include "admin/answers.h"

#include <algorithm>

#include "base/json_writer.h"

namespace junctor::admin {
namespace {

struct Status {
  int status;
  std::string_view slug;
};

Status statusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return {400, "invalid-argument"};
    case ErrorCode::NotFound:
      return {404, "not-found"};
    case ErrorCode::AlreadyExists:
      return {409, "already-exists"};
    case ErrorCode::PermissionDenied:
      return {403, "permission-denied"};
    case ErrorCode::Unauthenticated:
      return {401, "unauthenticated"};
    case ErrorCode::ResourceExhausted:
      return {429, "too-many-requests"};
    case ErrorCode::Unavailable:
    case ErrorCode::DeadlineExceeded:
    case ErrorCode::Cancelled:
      return {503, "unavailable"};
    case ErrorCode::DataLoss:
      return {500, "damaged-data"};
    case ErrorCode::Unimplemented:
      return {501, "unimplemented"};
    case ErrorCode::Internal:
      return {500, "internal"};
  }
  return {500, "internal"};
}

}  // namespace

net::HttpResponse problemOf(const Error& error) {
  if (error.code == ErrorCode::Unauthenticated) return unauthorized(error.message);
  const Status status = statusOf(error.code);
  net::HttpResponse response = net::problem(status.status, status.slug, error.message);
  if (status.status == 503 || status.status == 429) {
    const auto wait = error.retry_after.value_or(std::chrono::seconds(1));
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    response.headers.emplace_back("Retry-After", std::to_string(std::max<int64_t>(1, seconds)));
  }
  return response;
}

net::HttpResponse unprocessable(std::string_view slug, const std::vector<std::string>& problems) {
  JsonWriter out;
  out.beginObject();
  out.key("type").string("https://junctor.dev/problems/" + std::string(slug));
  out.key("title").string(net::reasonPhrase(422));
  out.key("status").integer(422);
  out.key("detail").string(std::to_string(problems.size()) +
                           (problems.size() == 1 ? " problem" : " problems") +
                           "; nothing was changed");
  out.key("errors").beginArray();
  for (const std::string& text : problems) out.beginObject().key("detail").string(text).endObject();
  out.endArray().endObject();
  return {422, {{"Content-Type", "application/problem+json"}}, std::move(out).take()};
}

net::HttpResponse unauthorized(std::string_view detail) {
  net::HttpResponse response = net::problem(401, "unauthenticated", detail);
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"junctor\"");
  return response;
}

net::HttpResponse page(const std::vector<std::string>& items, const std::string& next_cursor) {
  JsonWriter out;
  out.beginObject().key("data").beginArray();
  for (const std::string& item : items) out.raw(item);
  out.endArray();
  out.key("next_cursor");
  if (next_cursor.empty()) {
    out.null();
  } else {
    out.string(next_cursor);
  }
  out.key("has_more").boolean(!next_cursor.empty());
  out.endObject();
  return net::jsonResponse(200, std::move(out).take());
}

}  // namespace junctor::admin
