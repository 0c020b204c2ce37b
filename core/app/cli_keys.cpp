#include "app/cli_keys.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "app/cli_client.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json_value.h"
#include "base/limits.h"
#include "crypto/secret_bytes.h"

namespace junctor::app {
namespace {

constexpr std::string_view kDestination = "destination/";

// What is typed is not shown.
class QuietTerminal {
 public:
  QuietTerminal() : ok_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!ok_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~QuietTerminal() {
    if (ok_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

 private:
  termios before_{};
  const bool ok_;
};

// To the end, or to the end of the line where a person types.
Result<std::string> readInput() {
  const bool person = ::isatty(STDIN_FILENO) == 1;
  if (person) talk("Secret (not shown):");
  const QuietTerminal quiet;
  std::string text;
  text.reserve(limits::kSecretBytesMax + 2);  // no reallocation leaves a copy behind
  char c = 0;
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return internalError("standard input cannot be read");
    if (n == 0 || (person && c == '\n')) return text;
    text += c;
    if (text.size() > limits::kSecretBytesMax + 1) {
      crypto::wipe(text);
      return invalidArgument("a secret has at most " + std::to_string(limits::kSecretBytesMax) +
                             " bytes");
    }
  }
}

// One newline at the end is the editor's or echo's.
Result<std::string> readSecret(const std::string& file) {
  JUNCTOR_TRY(std::string text,
              file.empty() ? readInput() : readFile(file, limits::kSecretBytesMax + 2));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return invalidArgument("the secret is empty");
  return text;
}

Result<std::string> tenantPath(AdminClient& client) {
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  return "/v1/tenants/" + percentEncode(tenant);
}

Result<std::string> secretsPath(AdminClient& client, const std::string& owner) {
  JUNCTOR_TRY(const std::string base, tenantPath(client));
  if (!owner.starts_with(kDestination)) {
    return base + "/integrations/" + percentEncode(owner) + "/secrets";
  }
  return base + "/destinations/" + percentEncode(owner.substr(kDestination.size())) + "/secrets";
}

std::string ownerOf(const Json& secret) {
  const std::string destination = cell(secret, "destination");
  return destination.empty() ? cell(secret, "integration")
                             : std::string(kDestination) + destination;
}

}  // namespace

Result<int> secretPut(const CliContext& context, const SecretOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, secretsPath(client, options.owner));
  JUNCTOR_TRY(std::string secret, readSecret(options.file));
  const crypto::WipeAtEnd wiped(secret);
  Json body = {{"field", options.field}, {"value_base64", toBase64(secret)}};
  const auto answer = client.post(path, body);
  crypto::wipe(body["value_base64"].get_ref<std::string&>());
  if (!answer) return answer.error();
  if (context.json) {
    printJson(*answer);
  } else {
    print("vault:" + options.field + " of " + options.owner + " is set, fingerprint " +
          cell(*answer, "fingerprint"));
  }
  return kExitOk;
}

Result<int> secretList(const CliContext& context, const SecretOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(std::string path, tenantPath(client));
  path += "/secrets";
  if (!options.owner.empty()) {
    JUNCTOR_TRY(path, secretsPath(client, options.owner));
  }
  JUNCTOR_TRY(const Json answer, client.get(path));
  if (context.json) {
    printJson({{"items", answer.at("data")}});
    return kExitOk;
  }
  Table table({"OWNER", "FIELD", "FINGERPRINT", "UPDATED"});
  for (const Json& secret : answer.at("data")) {
    table.row({ownerOf(secret), cell(secret, "field"), cell(secret, "fingerprint"),
               shortTime(cell(secret, "updated_at"))});
  }
  table.print();
  if (table.size() == 0) talk("no secrets");
  return kExitOk;
}

Result<int> secretRemove(const CliContext& context, const SecretOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string path, secretsPath(client, options.owner));
  JUNCTOR_CHECK(client.remove(path + "/" + percentEncode(options.field)));
  if (context.json) {
    printJson({{"owner", options.owner}, {"field", options.field}, {"removed", true}});
  } else {
    print("vault:" + options.field + " of " + options.owner + " removed");
  }
  return kExitOk;
}

Result<int> secretShred(const CliContext& context, const SecretOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  if (!options.yes) {
    return invalidArgument("this ends all secrets of tenant '" + tenant +
                           "' for good: say --yes if that is meant");
  }
  JUNCTOR_CHECK(client.remove("/v1/tenants/" + percentEncode(tenant) + "/secrets"));
  if (context.json) {
    printJson({{"tenant", tenant}, {"shredded", true}});
  } else {
    print("all secrets of " + tenant + " are gone");
  }
  return kExitOk;
}

Result<int> keyRotate(const CliContext& context, bool retire) {
  if (retire && !context.tenant.empty()) {
    return invalidArgument("--retire is for the key file; a tenant's old key always goes");
  }
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  Json done;
  if (context.tenant.empty()) {
    JUNCTOR_TRY(done, client.post("/v1/keys/rotate", {{"retire", retire}}));
  } else {
    JUNCTOR_TRY(done, client.post("/v1/tenants/" + percentEncode(context.tenant) + "/keys/rotate"));
  }
  if (context.json) {
    printJson(done);
    return kExitOk;
  }
  print(fmt::format("{} is current{}: {} {} anew, {} old keys retired", cell(done, "key"),
                    done.at("resumed") == true ? " (an interrupted rotation was finished)" : "",
                    cell(done, "changed"),
                    context.tenant.empty() ? "tenants' keys wrapped" : "secrets sealed",
                    cell(done, "retired")));
  return kExitOk;
}

Result<int> keyStatus(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const Json status, client.get("/v1/keys"));
  if (context.json) {
    printJson(status);
    return kExitOk;
  }
  Table table({"KEY", "OF", "STATE", "USES"});
  for (const Json& key : status.at("file_keys")) {
    table.row({cell(key, "id"), cell(status, "path"), key.at("current") == true ? "current" : "old",
               "wraps " + cell(key, "tenant_keys")});
  }
  for (const Json& key : status.at("tenant_keys")) {
    table.row({cell(key, "id"), "tenant " + cell(key, "tenant"),
               key.at("current") == true ? "current" : "old",
               "at most " + cell(key, "seals") + " seals"});
  }
  table.print();
  if (status.at("unfinished") == true) {
    talk("a rotation was interrupted; 'junctor key rotate' finishes it (--tenant for a tenant's)");
  }
  return kExitOk;
}

}  // namespace junctor::app
