// The transport for recordings: the curl program. Header values go through a private file, never
// the command line.
#ifndef JUNCTOR_TESTING_CURL_HPP
#define JUNCTOR_TESTING_CURL_HPP

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <junctor/testing.hpp>

namespace jnc::testing {
namespace curl {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const int fd = ::mkstemp(path_);
    std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "wb");
    if (!file) throw std::runtime_error("no temporary file can be made");
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::unlink(path_); }
  const char* path() const { return path_; }

 private:
  char path_[40] = "/tmp/junctor-recording-XXXXXX";
};

// A value in curl's configuration file.
inline std::string option(const std::string& name, const std::string& value) {
  std::string out = name + " = \"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"\n";
}

inline HttpExchange::Response responseOf(const std::string& head, const std::string& body) {
  HttpExchange::Response response;
  response.body = body;
  std::istringstream lines(head);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const size_t colon = line.find(": ");
    if (line.rfind("HTTP/", 0) == 0) {
      response.headers.clear();  // of an interim answer
      response.status = static_cast<uint32_t>(std::atoi(line.c_str() + line.find(' ')));
    } else if (colon != line.npos) {
      response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  return response;
}

}  // namespace curl

// Throws std::runtime_error if there is no answer.
inline Transport curlTransport() {
  return [](const HttpExchange::Request& request) {
    const curl::TemporaryFile body(request.body), head(""), answer("");
    std::string options =
        curl::option("url", request.url) + curl::option("request", request.method) +
        curl::option("dump-header", head.path()) + curl::option("output", answer.path()) +
        curl::option("max-time", "30") + "silent\nshow-error\n";
    for (const auto& [name, value] : request.headers) {
      options += curl::option("header", name + ": " + value);
    }
    if (!request.body.empty()) {
      options += curl::option("data-binary", "@" + std::string(body.path()));
    }
    const curl::TemporaryFile config(options);
    const std::string command = std::string("curl --config ") + config.path();
    if (std::system(command.c_str()) != 0) throw std::runtime_error("curl has no answer");
    return curl::responseOf(Host::fixture(head.path()), Host::fixture(answer.path()));
  };
}

}  // namespace jnc::testing

#endif
