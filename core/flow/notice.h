#pragma once
// Notice: an event of the host in a tenant's own stream, such as "junctor.destination.error". It
// takes the way of what flows emit: appended, deduped, routed, delivered.
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "model/event.h"

namespace junctor::flow {

struct Notice {
  std::string tenant;
  std::string type;         // "junctor.destination.error"
  std::string resource;     // its kind, "destination"
  std::string resource_id;  // its name
  std::string once_key;     // the same key is told once
  std::string data_json;    // one object
};

RawRequestPtr requestOf(const Notice& notice, IdSource& ids, const Clock& clock);

}  // namespace junctor::flow
