#pragma once
// Probe: the host that a checked connector sees. Its tables are read-only and end at guard pages,
// its pointers are checked, what breaks the contract is written down. One set per child.
#include <junctor/junctor.h>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/guarded.h"

namespace junctor::conformance {

enum class Breach {
  Stale,    // a host service without a running call, or with another's
  Pointer,  // a pointer or size that cannot be
  Status,   // fail() or a status that is not as it must be
  Event,    // a result that the host must refuse
  Thrown,   // an exception crossed the boundary
};
// Any thread. The first of each kind is kept.
void breach(Breach kind, std::string what);
std::optional<std::string> breachOf(Breach kind);

struct LogLine {
  uint32_t level;
  std::string text;
};
void keepLog(uint32_t level, std::string text);
std::vector<LogLine> logs();

// What kind of host it is.
struct HostShape {
  uint32_t abi_minor = JN_ABI_MINOR;
  std::set<std::string> missing;  // interface ids that it does not offer
  bool bare = false;              // offers none at all
};

class Probe {
 public:
  Probe() : Probe(HostShape()) {}
  explicit Probe(HostShape shape);
  const jn_host* host() const { return host_; }
  // Ids the connector asked for.
  const std::set<std::string>& asked() const { return asked_; }
  static const std::vector<std::string>& interfaceIds();

 private:
  static const void* interfaceFor(const jn_host* host, const char* id);
  static void logFor(const jn_host* host, uint32_t level, const char* msg, size_t len);

  HostShape shape_;
  GuardedPool pool_;
  const jn_host* host_ = nullptr;
  std::set<std::string> asked_;
};

// Text at a view that a connector gave; a breach and "" if it cannot be read or claims too much.
std::string textFrom(const jn_str& view, const char* what);
// A struct that begins with struct_size, up to the size its maker gives; none and a breach if it
// cannot be read or is smaller than its first release.
template <class T>
std::optional<T> structFrom(const T* given, size_t first_release, const char* what) {
  T out{};
  uint32_t size = 0;
  if (!copyFrom(given, sizeof size, &size)) {
    breach(Breach::Pointer, std::string(what) + " is a pointer to nothing");
    return std::nullopt;
  }
  if (size < first_release || size > 64 * 1024) {
    breach(Breach::Pointer, std::string(what) + " has struct_size " + std::to_string(size));
    return std::nullopt;
  }
  if (!copyFrom(given, size < sizeof(T) ? size : sizeof(T), &out)) {
    breach(Breach::Pointer, std::string(what) + " cannot be read");
    return std::nullopt;
  }
  return out;
}

}  // namespace junctor::conformance
