#pragma once
// Is a mapping sound? Everything that can be said without a provider.
#include <string>
#include <vector>

#include "mapping/convert.h"
#include "mapping/mapping.h"

namespace junctor::mapping {

struct Finding {
  bool error = true;  // else a warning: it works, and loses something
  std::string path;   // of the key
  std::string message;
};

// Of a document: what readMapping() finds, and then checkMapping().
std::vector<Finding> checkDocument(const Value& json);
// Places that two fields write, transforms that cannot be inverted where they must be, fields of
// several places without a transform that makes or takes a list, words that do not come back, an
// envelope that does not read what it writes, and the samples: both conversions as they say, and
// the round trip without any loss but those named.
std::vector<Finding> checkMapping(const Mapping& mapping);

bool hasErrors(const std::vector<Finding>& findings);
std::string describe(const Finding& finding);

}  // namespace junctor::mapping
