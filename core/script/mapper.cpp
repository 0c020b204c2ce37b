#include "script/mapper.h"

namespace junctor::script {

using mapping::Value;

Result<mapping::Converted> convert(const mapping::Mapping& mapping, mapping::Direction direction,
                                   const Value& object, bool told) {
  return direction == mapping::Direction::ToExternal ? mapping::toExternal(mapping, object, told)
                                                     : mapping::fromExternal(mapping, object, told);
}

Value issuesValue(const std::vector<mapping::Issue>& issues) {
  Value list = Value::array();
  for (const mapping::Issue& issue : issues) {
    if (issue.kind == mapping::Issue::Kind::Absent) continue;
    list.items().push_back(Value::object({{"kind", Value::text(std::string(nameOf(issue.kind)))},
                                          {"field", Value::text(issue.field)},
                                          {"path", Value::text(issue.path)},
                                          {"detail", Value::text(issue.detail)}}));
  }
  return list;
}

}  // namespace junctor::script
