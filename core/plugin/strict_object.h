#pragma once
// The strict reader of JSON objects that manifests share with bundles.
#include "base/strict_object.h"

namespace junctor::plugin {
using junctor::StrictObject;
}  // namespace junctor::plugin
