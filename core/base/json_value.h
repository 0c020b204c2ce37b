#pragma once
// Everything of nlohmann's json, for .cpp files that read or build values. Costs about a second of
// compile time: keep it out of headers.
#include <nlohmann/json.hpp>

#include "base/json.h"
