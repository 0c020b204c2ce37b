#pragma once
// The server process: builds everything, runs until a signal, stops in order.
#include "config/load.h"

namespace junctor::app {

// Returns the exit code: 0 after SIGTERM/SIGINT and a clean drain, 1 if it could not start or run
// (another server holds the data directory, a port is taken, the store fails).
int runServer(const config::ServerConfig& config);

}  // namespace junctor::app
