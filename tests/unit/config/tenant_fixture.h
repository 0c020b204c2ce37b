#pragma once
// Writes a tenant folder and says what loading it found wrong, file names relative to the folder.
#include <string>
#include <vector>

#include "config/load.h"
#include "support/temp_folder.h"

namespace junctor::testing {

class TenantFixture {
 public:
  std::string write(const std::string& name, std::string_view text) {
    return folder_.write(name, text);
  }
  std::vector<std::string> load() {
    config::Problems problems;
    tenant = config::loadTenantFolder(folder_.path(), problems);
    return described(problems);
  }
  std::vector<std::string> loadAll() {
    config::Problems problems;
    tenants = config::loadTenants(folder_.path(), problems);
    return described(problems);
  }
  const std::string& path() const { return folder_.path(); }

  Tenant tenant;
  std::vector<Tenant> tenants;

 private:
  std::vector<std::string> described(const config::Problems& problems) const {
    std::vector<std::string> lines;
    for (const config::Problem& problem : problems) {
      std::string line = config::format(problem);
      const std::string prefix = folder_.path() + "/";
      for (size_t at; (at = line.find(prefix)) != std::string::npos;) line.erase(at, prefix.size());
      lines.push_back(line);
    }
    return lines;
  }

  TempFolder folder_;
};

}  // namespace junctor::testing
