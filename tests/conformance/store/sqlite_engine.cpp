#include "store_house.h"

namespace junctor::testing {

Result<std::unique_ptr<store::Store>> openEngine(const std::string& folder,
                                                 const store::StoreOptions& options,
                                                 const Clock& clock) {
  store::StoreOptions here = options;
  here.data_dir = folder;
  return store::open("sqlite", here, clock);
}

}  // namespace junctor::testing
