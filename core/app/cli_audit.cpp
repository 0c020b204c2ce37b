#include "admin/audit.h"
#include "app/cli_client.h"
#include "app/cli_commands.h"
#include "app/cli_output.h"
#include "base/json_value.h"

namespace junctor::app {

Result<int> auditList(const CliContext& context, int limit) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(auto items, client.list("/v1/audit", SIZE_MAX));
  const size_t wanted = static_cast<size_t>(limit);
  if (items.size() > wanted) items.erase(items.begin(), items.end() - limit);
  if (context.json) {
    printJson({{"items", items}});
    return kExitOk;
  }
  Table table({"NUMBER", "AT", "TOKEN", "ROLE", "FROM", "STATUS", "WHAT"});
  for (const Json& item : items) {
    table.row({cell(item, "number"), shortTime(cell(item, "at")), cell(item, "token"),
               cell(item, "role"), cell(item, "from"), cell(item, "status"),
               cell(item, "method") + " " + cell(item, "path")});
  }
  table.print();
  return kExitOk;
}

Result<int> auditVerify(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const auto items, client.list("/v1/audit", SIZE_MAX));
  uint64_t next = 1;
  std::string head;
  for (const Json& item : items) {
    const auto fits = admin::followChain(item, next, head);
    if (!fits) return fits.error();
  }
  if (context.json) {
    printJson({{"records", next - 1}, {"head", head}});
  } else {
    print(fmt::format("{} records, the chain holds; head {}", next - 1, head));
  }
  return kExitOk;
}

}  // namespace junctor::app
