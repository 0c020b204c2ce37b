#include "flow/notice.h"

#include "base/json_writer.h"
#include "flow/planner.h"

namespace junctor::flow {

RawRequestPtr requestOf(const Notice& notice, IdSource& ids, const Clock& clock) {
  auto raw = std::make_shared<RawRequest>();
  raw->id = ids.nextEvent();
  raw->tenant = notice.tenant;
  raw->integration = raw->connector = Planner::kEmitted;
  raw->received_at_ms = clock.unixMs();
  raw->method = "NOTICE";
  raw->url = "junctor:" + notice.type;
  raw->dedupe_key = notice.tenant + "/" + notice.type + "/" + notice.once_key;
  JsonWriter body;
  body.beginObject().key("type").string(notice.type);
  body.key("resource").beginObject().key("type").string(notice.resource);
  body.key("id").string(notice.resource_id).endObject();
  body.key("data").raw(notice.data_json).endObject();
  raw->body = std::move(body).take();
  return raw;
}

}  // namespace junctor::flow
