#pragma once
// DevServer: the server of `junctor connector dev`, a child process with a throw-away data
// directory, one tenant and one integration of the connector under work.
#include <sys/types.h>
#include <string>

#include "app/cli.h"
#include "base/descriptor.h"

namespace junctor::app {

// Runs a program to its end; what it prints goes to our standard error. False if it failed.
bool runScript(const std::string& path, const config::Environment& environment);

struct DevServerOptions {
  std::string public_address = "127.0.0.1:0", admin_address = "127.0.0.1:0";
  std::string settings_json = "{}";  // of the integration
};

class DevServer {
 public:
  static constexpr const char* kTenant = "dev";
  static constexpr const char* kIntegration = "dev";

  static Result<DevServer> make(const CliContext& context, DevServerOptions options);
  DevServer(DevServer&& other) noexcept;
  DevServer& operator=(DevServer&&) = delete;
  ~DevServer();  // stops the server and removes its folder

  // Puts a copy of the library, named by its content, in the place of the one before, and has the
  // server load it: by a reload if it can, else by a restart. The first call starts the server.
  Result<void> load(const std::string& library, const std::string& connector);

  // For commands that talk to it, and to sign webhooks.
  const CliContext& context() const { return context_; }
  int output() const { return output_.get(); }  // its log, JSON lines; changes with a restart
  bool running();                               // false once it has ended
  const std::string& loaded() const { return loaded_; }  // first digits of the library's hash

 private:
  DevServer(CliContext context, DevServerOptions options, std::string folder);
  Result<void> applyTenant();
  Result<void> start();
  Result<void> waitUntilReady();
  Result<void> reload();
  void stop();

  CliContext context_;
  DevServerOptions options_;
  std::string folder_, secret_, connector_, library_, loaded_;
  pid_t child_ = -1;
  Descriptor output_;
};

}  // namespace junctor::app
