// `junctor connector new`: a project out of the templates in share/junctor/templates, which are the
// SDK's examples. The template's connector is called acme; its words become those of the new one.
#include <algorithm>

#include "app/cli_connector_sdk.h"
#include "app/cli_output.h"
#include "app/paths.h"
#include "base/files.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

constexpr size_t kNameBytesMax = 40;
constexpr int kFolderDepthMax = 4;

using Words = std::vector<std::pair<std::string, std::string>>;  // what becomes what, in order

struct Project {
  std::string name;    // "my-shop"
  std::string id;      // "com.example.my-shop"
  std::string prefix;  // where Junctor is installed
  std::string folder;
  Words everywhere, in_sources, in_texts;
};

bool isName(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > kNameBytesMax || text[0] < 'a' || text[0] > 'z') return false;
  if (!plain(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '-'; });
}

// "my-shop" -> "my_shop".
std::string snakeOf(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// "my-shop" -> "MyShop".
std::string pascalOf(std::string_view name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '-') {
      upper = true;
      continue;
    }
    out.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    upper = false;
  }
  return out;
}

std::string replaced(std::string text, const Words& words) {
  for (const auto& [from, to] : words) {
    for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

bool isSource(std::string_view file) {
  for (const char* ending : {".c", ".cpp", ".rs", ".go"}) {
    if (file.ends_with(ending)) return true;
  }
  return false;
}

Result<Project> describe(const ConnectorNewOptions& options) {
  Project project;
  const size_t dot = options.name.rfind('.');
  project.name = dot == std::string::npos ? options.name : options.name.substr(dot + 1);
  project.id = dot == std::string::npos ? "com.example." + project.name : options.name;
  if (!isName(project.name) || project.name == "jn" || project.name == "junctor") {
    return invalidArgument("'" + project.name +
                           "' is no name: lower-case letters, digits and '-', " +
                           "a letter first, at most " + std::to_string(kNameBytesMax) + " bytes");
  }
  project.prefix = absolutePath(binaryFolder() + "/..");
  project.folder = options.folder.empty() ? "./" + project.name : options.folder;
  const std::string sdk = project.prefix + "/share/junctor/sdk";
  project.everywhere = {{"com.example.acme", project.id},
                        {"JUNCTOR_SDK:-../..", "JUNCTOR_SDK:-" + sdk},
                        {"\"../../rust\"", "\"" + sdk + "/rust\""},
                        {"=> ../../go", "=> \"" + sdk + "/go\""},
                        {"${SRCDIR}/../../include", project.prefix + "/include"},
                        {"Acme", pascalOf(project.name)}};
  project.in_sources = {{"acme", snakeOf(project.name)}};
  project.in_texts = {{"acme", project.name}};
  return project;
}

// The id was replaced with the rest, so what it holds of the template's words is its own.
std::string adapted(std::string text, const std::string& file, const Project& project) {
  const std::string mark = "\x01";
  Words words = project.everywhere;
  words.front().second = mark;
  text = replaced(std::move(text), words);
  text = replaced(std::move(text), isSource(file) ? project.in_sources : project.in_texts);
  return replaced(std::move(text), {{mark, project.id}});
}

Result<void> copyFolder(const std::string& from, const std::string& to, const Project& project,
                        int depth) {
  if (depth > kFolderDepthMax) return invalidArgument(from + ": too many folders in each other");
  JUNCTOR_CHECK(makeFolders(to, 0755));
  JUNCTOR_TRY(const auto names, listFolder(from));
  for (const std::string& name : names) {
    // Templates name dot files dot.X, so that they act nowhere else.
    const std::string own =
        name.starts_with("dot.") ? name.substr(3) : replaced(name, project.in_texts);
    if (isFolder(from + "/" + name)) {
      JUNCTOR_CHECK(copyFolder(from + "/" + name, to + "/" + own, project, depth + 1));
      continue;
    }
    JUNCTOR_TRY(std::string text, readFile(from + "/" + name));
    JUNCTOR_CHECK(replaceFile(to + "/" + own, adapted(std::move(text), name, project),
                              name.ends_with(".sh") ? 0755 : 0644));
  }
  return {};
}

}  // namespace

Result<int> connectorNew(const CliContext& context, const ConnectorNewOptions& options) {
  JUNCTOR_TRY(const Project project, describe(options));
  const std::string templates = project.prefix + "/share/junctor/templates";
  if (!isFolder(templates + "/" + options.language)) {
    return notFound("no template for " + options.language + " in " + templates +
                    ": is the SDK (libjunctor-dev) installed?");
  }
  if (fileExists(project.folder) || isFolder(project.folder)) {
    return makeError(ErrorCode::AlreadyExists, project.folder + " exists; --dir names another");
  }
  JUNCTOR_CHECK(copyFolder(templates + "/" + options.language, project.folder, project, 0));
  JUNCTOR_CHECK(copyFolder(templates + "/common", project.folder, project, 0));
  if (context.json) {
    printJson({{"id", project.id}, {"folder", project.folder}, {"language", options.language}});
    return kExitOk;
  }
  print("made " + project.folder + ": connector " + project.id + " in " + options.language);
  talk("next:\n  cd " + project.folder + "\n  ./build.sh\n  junctor connector check build/" +
       project.name + ".so --level full\n  junctor connector dev . --replay");
  return kExitOk;
}

}  // namespace junctor::app
