#pragma once
// Writer: every durable step of the vault goes through here. Private to the room.
#include <functional>
#include <string>

#include "base/result.h"
#include "store/store.h"
#include "vault/key_file.h"

namespace junctor::vault {

class Writer {
 public:
  Writer(store::Store& store, const KeyFile& file, std::function<void()> before)
      : store_(store), file_(file), before_(std::move(before)) {}

  Result<void> put(const std::string& kind, const std::string& key, const std::string& json) {
    announce();
    return store_.putDocument(kind, key, json);
  }
  // What is not there is removed already.
  Result<void> remove(const std::string& kind, const std::string& key) {
    announce();
    const auto removed = store_.removeDocument(kind, key);
    if (!removed && removed.error().code != ErrorCode::NotFound) return removed.error();
    return {};
  }
  Result<void> save(const KeyRing& ring) {
    announce();
    return file_.save(ring);
  }

 private:
  void announce() const {
    if (before_) before_();
  }

  store::Store& store_;
  const KeyFile& file_;
  const std::function<void()> before_;
};

}  // namespace junctor::vault
