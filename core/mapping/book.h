#pragma once
// Book: the mappings that one tenant sees, by "connector/object": its own over the shipped ones.
// Immutable and shared by all threads; tenants share the shipped ones.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mapping/mapping.h"
#include "model/catalog.h"

namespace junctor::mapping {

struct Entry {
  enum class From { Shipped, Overridden, Own, Rule };
  Mapping mapping;
  std::string version;  // first 12 hex digits of SHA-256 of the mapping as JSON
  From from = From::Shipped;

  std::string name() const { return mapping.connector + "/" + mapping.object; }
  std::string label() const { return name() + "@" + version; }
};
using EntryPtr = std::shared_ptr<const Entry>;
std::string_view nameOf(Entry::From from);
EntryPtr makeEntry(Mapping mapping, Entry::From from);

class Book;
using BookPtr = std::shared_ptr<const Book>;

class Book {
 public:
  // All mappings of <folder>/<connector>/<object>.json; what is wrong is added to `problems`.
  static BookPtr shipped(const std::string& folder, std::vector<std::string>& problems);
  // A text with "format" is a mapping of its own, any other one overrides the shipped one of that
  // name. `base` may be null. Mappings that are wrong are left out, and told.
  static BookPtr over(BookPtr base, const std::vector<MappingText>& texts,
                      std::vector<std::string>& problems);

  // Those and no others.
  static BookPtr of(std::vector<EntryPtr> entries);

  EntryPtr find(std::string_view name) const;  // null if there is none
  std::vector<EntryPtr> all() const;           // by name

 private:
  BookPtr base_;
  std::map<std::string, EntryPtr, std::less<>> own_;
};

}  // namespace junctor::mapping
