#pragma once
// JSON Schema, the part that manifests need: type, enum, const, properties, required,
// additionalProperties, items, min/max of numbers, lengths and counts, allOf, anyOf, oneOf, not,
// $ref to "#/…". Annotations are ignored; any other keyword does not compile, because a rule that
// nobody enforces is worse than none.
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace junctor::conformance {

// InvalidArgument names the place: "/properties/id/type: …".
Result<void> compileSchema(const Json& schema);
// `schema` must compile. InvalidArgument names the place in the value.
Result<void> validate(const Json& schema, const Json& value);

}  // namespace junctor::conformance
