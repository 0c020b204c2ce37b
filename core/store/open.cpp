#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"
#include "store/store.h"

namespace junctor::store {

std::string withoutPassword(const std::string& location) {
  std::string out = location;
  const size_t start = out.find("://");
  if (start == std::string::npos) return out;
  const size_t at = out.find('@', start);
  const size_t colon = out.find(':', start + 3);
  if (at != std::string::npos && colon < at) out.replace(colon + 1, at - colon - 1, "***");
  constexpr std::string_view kOption = "password=";
  for (size_t option = out.find(kOption); option != std::string::npos;
       option = out.find(kOption, option + 1)) {
    const size_t value = option + kOption.size();
    const size_t end = std::min(out.find('&', value), out.size());
    out.replace(value, end - value, "***");
  }
  return out;
}

Result<std::unique_ptr<Store>> open(const std::string& location, const StoreOptions& options,
                                    const Clock& clock) {
  constexpr std::string_view kFile = "sqlite:";
  if (location.starts_with(kFile) && location.size() > kFile.size()) {
    return SqliteStore::open(location.substr(kFile.size()), options, clock);
  }
  if (location == "sqlite") {
    if (options.data_dir.empty()) return invalidArgument("the store needs a data folder");
    return SqliteStore::open(options.data_dir + "/junctor.db", options, clock);
  }
  if (location.starts_with("postgres://") || location.starts_with("postgresql://")) {
    return postgres::PostgresStore::open(location, options, clock);
  }
  return invalidArgument("unknown store '" + location +
                         "': use sqlite, sqlite:/path/file.db or postgres://…");
}

}  // namespace junctor::store
