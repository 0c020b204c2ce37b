// junctor-runner will run connectors outside the server's process. This release runs them inside:
// the program exists so that packages and service files need no change later, and says so.
#include <cstdio>
#include <string_view>

#include "app/version.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("junctor-runner %s\n", junctor::app::kVersion);
    return 0;
  }
  std::fputs(
      "junctor-runner: this release runs connectors inside the server; "
      "out-of-process connectors are not in it\n",
      stderr);
  return 78;
}
