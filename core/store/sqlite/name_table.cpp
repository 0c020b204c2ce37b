#include "store/sqlite/name_table.h"

namespace junctor::store {

Result<void> NameTable::load(Database& database) {
  const std::unique_lock lock(mutex_);
  Statement query(database, "SELECT no, text FROM name WHERE no >= ? ORDER BY no");
  query.with(static_cast<int64_t>(texts_.size()));
  while (query.row()) {
    if (query.integer(0) != static_cast<int64_t>(texts_.size())) {
      return makeError(ErrorCode::DataLoss, "table name has a gap");
    }
    numbers_.emplace(query.text(1), query.integer(0));
    texts_.push_back(query.text(1));
  }
  if (database.failure() != Failure::None) return database.error();
  committed_ = texts_.size();
  return {};
}

int64_t NameTable::number(Statement& insert, const std::string& text) {
  if (text.empty()) return 0;
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  const auto number = static_cast<int64_t>(texts_.size());
  insert.with(number, text).run();
  const std::unique_lock lock(mutex_);
  numbers_.emplace(text, number);
  texts_.push_back(text);
  return number;
}

void NameTable::rollback() {
  if (texts_.size() == committed_) return;
  const std::unique_lock lock(mutex_);
  while (texts_.size() > committed_) {
    numbers_.erase(texts_.back());
    texts_.pop_back();
  }
}

std::optional<int64_t> NameTable::find(const std::string& text) const {
  if (text.empty()) return 0;
  const std::shared_lock lock(mutex_);
  const auto found = numbers_.find(text);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> NameTable::text(int64_t number) const {
  const std::shared_lock lock(mutex_);
  if (number < 0 || number >= static_cast<int64_t>(texts_.size())) return std::nullopt;
  return texts_[static_cast<size_t>(number)];
}

}  // namespace junctor::store
