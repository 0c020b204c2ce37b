#include "mapping/book.h"

#include <fmt/core.h>

#include "base/files.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "mapping/check.h"

namespace junctor::mapping {
namespace {

Result<EntryPtr> entryOf(const Value& json, Entry::From from, const std::string& connector,
                         const std::string& object) {
  JUNCTOR_TRY(Mapping mapping, readMapping(json));
  if (mapping.connector != connector || mapping.object != object) {
    return invalidArgument(fmt::format("it says it is {}/{}", mapping.connector, mapping.object));
  }
  for (const Finding& finding : checkMapping(mapping)) {
    if (finding.error) return invalidArgument(describe(finding));
  }
  return makeEntry(std::move(mapping), from);
}

Result<EntryPtr> tenantEntry(const Book* base, const MappingText& text) {
  JUNCTOR_TRY(const Value json, parseValue(text.json));
  if (json.find("format")) return entryOf(json, Entry::From::Own, text.connector, text.object);
  const EntryPtr shipped = base ? base->find(text.connector + "/" + text.object) : nullptr;
  if (!shipped) {
    return invalidArgument(
        "there is no shipped mapping of that name to override; a mapping of its own says "
        "\"format\"");
  }
  JUNCTOR_TRY(const Value merged, mergeMapping(writeMapping(shipped->mapping), json));
  return entryOf(merged, Entry::From::Overridden, text.connector, text.object);
}

}  // namespace

std::string_view nameOf(Entry::From from) {
  switch (from) {
    case Entry::From::Shipped:
      return "shipped";
    case Entry::From::Overridden:
      return "overridden";
    case Entry::From::Own:
      return "own";
    case Entry::From::Rule:
      return "rule";
  }
  return "";
}

EntryPtr makeEntry(Mapping mapping, Entry::From from) {
  auto entry = std::make_shared<Entry>();
  constexpr size_t kDigits = 12;
  entry->version = crypto::sha256Hex(toJson(writeMapping(mapping))).substr(0, kDigits);
  entry->mapping = std::move(mapping);
  entry->from = from;
  return entry;
}

BookPtr Book::shipped(const std::string& folder, std::vector<std::string>& problems) {
  auto book = std::make_shared<Book>();
  const auto connectors = listFolder(folder);
  if (!connectors) return book;
  for (const std::string& connector : *connectors) {
    const auto files = listFolder(folder + "/" + connector);
    if (!files) continue;
    for (const std::string& file : *files) {
      if (!file.ends_with(".json")) continue;
      const std::string path = folder + "/" + connector + "/" + file;
      const auto read = [&]() -> Result<EntryPtr> {
        JUNCTOR_TRY(const std::string text, readFile(path, limits::kMappingBytesMax));
        JUNCTOR_TRY(const Value json, parseValue(text));
        return entryOf(json, Entry::From::Shipped, connector, file.substr(0, file.size() - 5));
      };
      if (auto entry = read()) {
        book->own_[(*entry)->name()] = *entry;
      } else {
        problems.push_back(path + ": " + entry.error().message);
      }
    }
  }
  return book;
}

BookPtr Book::of(std::vector<EntryPtr> entries) {
  auto book = std::make_shared<Book>();
  for (EntryPtr& entry : entries) {
    const std::string name = entry->name();
    book->own_[name] = std::move(entry);
  }
  return book;
}

BookPtr Book::over(BookPtr base, const std::vector<MappingText>& texts,
                   std::vector<std::string>& problems) {
  if (texts.empty() && base) return base;
  auto book = std::make_shared<Book>();
  for (const MappingText& text : texts) {
    const std::string name = text.connector + "/" + text.object;
    if (auto entry = tenantEntry(base.get(), text)) {
      book->own_[name] = *entry;
    } else {
      problems.push_back("mapping " + name + ": " + entry.error().message);
    }
  }
  book->base_ = std::move(base);
  return book;
}

EntryPtr Book::find(std::string_view name) const {
  const auto found = own_.find(name);
  if (found != own_.end()) return found->second;
  return base_ ? base_->find(name) : nullptr;
}

std::vector<EntryPtr> Book::all() const {
  std::map<std::string, EntryPtr, std::less<>> all;
  for (const Book* book = this; book; book = book->base_.get()) {
    for (const auto& [name, entry] : book->own_) all.try_emplace(name, entry);
  }
  std::vector<EntryPtr> list;
  for (const auto& [name, entry] : all) list.push_back(entry);
  return list;
}

}  // namespace junctor::mapping
