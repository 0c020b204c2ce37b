#include "conformance/footprint.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <cstring>
#include <sstream>
#include <vector>

#include "base/files.h"
#include "config/load.h"

namespace junctor::conformance {
namespace {

// The kernel's view; "Umask:" of /proc/self/status can be read without changing it.
std::string statusLine(std::string_view name) {
  const auto status = readFile("/proc/self/status");
  if (!status) return {};
  const size_t at = status->find(name);
  return at == std::string::npos ? std::string() : status->substr(at, status->find('\n', at) - at);
}

std::string handlerText(const struct sigaction& action) {
  char bytes[sizeof action.sa_handler];
  std::memcpy(bytes, &action.sa_handler, sizeof bytes);
  std::string text(bytes, sizeof bytes);
  return text + fmt::format("{:x}", static_cast<unsigned>(action.sa_flags));
}

std::set<std::string> openDescriptors() {
  std::set<std::string> out;
  const auto names = listFolder("/proc/self/fd");
  if (!names) return out;
  for (const std::string& name : *names) {
    char target[512];
    const ssize_t size = readlink(("/proc/self/fd/" + name).c_str(), target, sizeof target);
    if (size > 0) out.insert(name + " " + std::string(target, static_cast<size_t>(size)));
  }
  return out;
}

}  // namespace

Footprint Footprint::take() {
  Footprint out;
  const auto tasks = listFolder("/proc/self/task");
  out.threads_ = tasks ? tasks->size() : 0;
  out.descriptors_ = openDescriptors();
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action{};
    if (sigaction(number, nullptr, &action) == 0) out.handlers_[number] = handlerText(action);
  }
  out.mask_ = statusLine("SigBlk:");
  out.umask_ = statusLine("Umask:");
  const char* locale = std::setlocale(LC_ALL, nullptr);
  out.locale_ = locale ? locale : "";
  char folder[4096];
  out.folder_ = getcwd(folder, sizeof folder) ? folder : "";
  const config::Environment environment = config::processEnvironment();
  out.environment_.insert(environment.begin(), environment.end());
  out.rounding_ = std::fegetround();
  return out;
}

std::string Footprint::differenceFrom(const Footprint& before) const {
  std::vector<std::string> changes;
  if (threads_ != before.threads_) {
    changes.push_back(fmt::format("{} threads instead of {}", threads_, before.threads_));
  }
  for (const std::string& one : descriptors_) {
    if (!before.descriptors_.contains(one)) changes.push_back("the open descriptor " + one);
  }
  for (const std::string& one : before.descriptors_) {
    if (!descriptors_.contains(one)) changes.push_back("the closed descriptor " + one);
  }
  for (const auto& [number, handler] : handlers_) {
    const auto old = before.handlers_.find(number);
    if (old != before.handlers_.end() && old->second == handler) continue;
    const char* name = sigabbrev_np(number);
    changes.push_back(fmt::format("the handler of signal {}", name ? name : "?"));
  }
  if (mask_ != before.mask_) changes.emplace_back("the signal mask");
  if (umask_ != before.umask_) changes.emplace_back("the umask");
  if (locale_ != before.locale_) changes.push_back("the locale (" + locale_ + ")");
  if (folder_ != before.folder_) changes.emplace_back("the working folder");
  if (environment_ != before.environment_) changes.emplace_back("the environment");
  if (rounding_ != before.rounding_) changes.emplace_back("the rounding mode");
  std::string out;
  for (size_t i = 0; i < changes.size() && i < 5; ++i) out += (i ? ", " : "") + changes[i];
  return out;
}

int64_t residentKiB() {
  const auto text = readFile("/proc/self/statm");
  if (!text) return 0;
  std::istringstream in(*text);
  int64_t size = 0, resident = 0, shared = 0;
  in >> size >> resident >> shared;
  return (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
}

}  // namespace junctor::conformance
