// junctor-runner: runs one connector outside the server's process. The server starts it; it is of
// no use by hand. Linked against the few rooms it needs, so that a hundred of them cost little.
#include <cstdio>
#include <string_view>

#include "app/version.h"
#include "isolation/runner.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("junctor-runner %s\n", junctor::app::kVersion);
    return 0;
  }
  const int code = junctor::isolation::runConnector(junctor::isolation::kRunnerSocket);
  if (code == 2) std::fputs("junctor-runner: started by the server, not by hand\n", stderr);
  return code;
}
