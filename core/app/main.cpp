#include "app/cli.h"

int main(int argc, char** argv) {
  return junctor::app::runCli(argc, argv);
}
