#include "net/http_message.h"

#include "base/json_writer.h"

namespace junctor::net {

std::string_view reasonPhrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

HttpResponse problem(int status, std::string_view slug, std::string_view detail) {
  JsonWriter out;
  out.beginObject();
  out.key("type").string("https://junctor.dev/problems/" + std::string(slug));
  out.key("title").string(reasonPhrase(status));
  out.key("status").integer(status);
  out.key("detail").string(detail);
  out.endObject();
  return {status, {{"Content-Type", "application/problem+json"}}, std::move(out).take()};
}

HttpResponse jsonResponse(int status, std::string json) {
  return {status, {{"Content-Type", "application/json"}}, std::move(json)};
}

}  // namespace junctor::net
