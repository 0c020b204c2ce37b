#include "app/server_file.h"

#include "base/files.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

std::string pathIn(const std::string& data_dir) { return data_dir + "/server.json"; }

}  // namespace

Result<void> writeServerFile(const std::string& data_dir, const ServerFile& file) {
  const Json json = {
      {"admin_url", file.admin_url}, {"public_url", file.public_url}, {"token", file.token}};
  return replaceFile(pathIn(data_dir), dumpJson(json, 2) + "\n", 0600);
}

Result<ServerFile> readServerFile(const std::string& data_dir) {
  auto text = readFile(pathIn(data_dir));
  if (!text) {
    return notFound("no server is running on " + data_dir +
                    " (start it: junctor serve --data-dir " + data_dir +
                    ", or name one with --server)");
  }
  JUNCTOR_TRY(const Json json, parseJson(*text));
  return ServerFile{json.value("admin_url", ""), json.value("public_url", ""),
                    json.value("token", "")};
}

void removeServerFile(const std::string& data_dir) { removeFile(pathIn(data_dir)); }

}  // namespace junctor::app
