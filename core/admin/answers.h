#pragma once
// Answers that several handlers give.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"

namespace junctor::admin {

// An Error as problem+json: the code decides status and slug, the message is the detail.
net::HttpResponse problemOf(const Error& error);
// 422 with one entry per problem: {"errors":[{"detail":…}]}.
net::HttpResponse unprocessable(std::string_view slug, const std::vector<std::string>& problems);
net::HttpResponse unauthorized(std::string_view detail);  // with WWW-Authenticate

// {"data":[…],"next_cursor":…,"has_more":…}; `items` are JSON texts.
net::HttpResponse page(const std::vector<std::string>& items, const std::string& next_cursor = "");

}  // namespace junctor::admin
