#include "store/sqlite/sqlite_store.h"
#include "store/store.h"

namespace junctor::store {

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
    return makeError(ErrorCode::Unimplemented, "this build has no PostgreSQL store");
  }
  return invalidArgument("unknown store '" + location + "': use sqlite or sqlite:/path/file.db");
}

}  // namespace junctor::store
