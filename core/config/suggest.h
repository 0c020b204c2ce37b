#pragma once
// "Did you mean …?" for keys, commands and file names.
#include <string>
#include <string_view>
#include <vector>

namespace junctor::config {

// How many single-character slips (insert, delete, change, swap of neighbours) lead from a to b.
size_t editDistance(std::string_view a, std::string_view b);
// The nearest candidate, "" if none is near enough to be what was meant.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);
// "; did you mean 'x'?" or "".
std::string didYouMean(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace junctor::config
