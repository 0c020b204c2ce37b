#include "steps/llm_meter.h"

#include <fmt/core.h>

#include <charconv>

#include "base/json_value.h"
#include "config/values.h"

namespace junctor::steps {
namespace {

constexpr int64_t kDayMs = 24LL * 3'600'000;
constexpr const char* kUsageKey = "today";
constexpr size_t kBytesPerToken = 3;  // of text; fewer than models need, so rather too many tokens
constexpr int64_t kPriceTokens = 1'000'000;

std::string kindOf(const std::string& tenant) {
  return "llm-usage:" + tenant;
}

int64_t tokensOf(const mapping::Value& usage, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const mapping::Value* found = usage.find(name);
    if (!found || !found->isNumber()) continue;
    int64_t tokens = 0;
    const std::string& text = found->asText();
    std::from_chars(text.data(), text.data() + text.size(), tokens);
    return std::max<int64_t>(tokens, 0);
  }
  return 0;
}

// Today's row, empty if the stored one is of another day.
Result<Json> today(store::Store& store, const std::string& tenant, int64_t day) {
  JUNCTOR_TRY(const auto documents, store.documents(kindOf(tenant)));
  for (const auto& [key, text] : documents) {
    if (key != kUsageKey) continue;
    JUNCTOR_TRY(Json json, parseJson(text));
    if (json.is_object() && json.value("day", int64_t{0}) == day) return json;
  }
  Json fresh = Json::object();
  fresh["day"] = day;
  fresh["flows"] = Json::object();
  return fresh;
}

LlmMeter::Spent spentOf(const Json& row) {
  return {row.value("tokens", int64_t{0}), row.value("money_micros", int64_t{0})};
}

LlmMeter::Spent spentBy(const Json& row, const std::string& flow) {
  const auto found = row.at("flows").find(flow);
  return found == row.at("flows").end() ? LlmMeter::Spent{} : spentOf(*found);
}

void addTo(Json& row, const LlmMeter::Spent& more) {
  if (!row.is_object()) row = Json::object();  // the flow's first
  const LlmMeter::Spent before = spentOf(row);
  row["tokens"] = before.tokens + more.tokens;
  row["money_micros"] = before.money_micros + more.money_micros;
}

std::string reached(const LlmCaps& caps, const LlmMeter::Spent& spent, const std::string& whose) {
  if (caps.tokens_per_day > 0 && spent.tokens >= caps.tokens_per_day) {
    return fmt::format("{} of {} tokens a day is used up", whose, caps.tokens_per_day);
  }
  if (caps.money_micros_per_day > 0 && spent.money_micros >= caps.money_micros_per_day) {
    return fmt::format("{} of {} a day is used up", whose,
                       config::formatMicros(caps.money_micros_per_day));
  }
  return "";
}

}  // namespace

void LlmMeter::adopt(CatalogPtr catalog) {
  std::lock_guard lock(mutex_);
  catalog_ = std::move(catalog);
}

Quotas LlmMeter::quotasOf(const std::string& tenant) const {
  std::lock_guard lock(mutex_);
  const Tenant* known = catalog_ ? catalog_->findTenant(tenant) : nullptr;
  return known ? known->quotas : Quotas{};
}

Result<std::optional<LlmMeter::Refusal>> LlmMeter::refuse(const std::string& tenant,
                                                          const std::string& flow,
                                                          const LlmCaps& own,
                                                          const std::string& model) {
  const Quotas quotas = quotasOf(tenant);
  if (!quotas.llm.any() && !own.any()) return std::optional<Refusal>();
  const bool money = quotas.llm.money_micros_per_day > 0 || own.money_micros_per_day > 0;
  if (money && !quotas.llm_prices.contains(model)) {
    return std::optional(Refusal{
        fmt::format("there is a cap on money and no price of model '{}' (limits.llm.prices)",
                    model.substr(0, 80)),
        true});
  }
  const int64_t now = clock_.unixMs();
  JUNCTOR_TRY(const Json row, today(store_, tenant, now / kDayMs));
  std::string why = reached(quotas.llm, spentOf(row), "the tenant's budget for models");
  if (why.empty()) why = reached(own, spentBy(row, flow), "the flow's budget for models");
  if (why.empty()) return std::optional<Refusal>();
  return std::optional(Refusal{std::move(why), false, kDayMs - now % kDayMs});
}

Result<void> LlmMeter::add(const std::string& tenant, const std::string& flow,
                           const std::string& model, const mapping::Value* usage,
                           size_t request_bytes, size_t answer_bytes) {
  int64_t input = 0, output = 0;
  if (usage && usage->isObject()) {
    input = tokensOf(*usage, {"prompt_tokens", "input_tokens"});
    output = tokensOf(*usage, {"completion_tokens", "output_tokens"});
  }
  if (input + output == 0) {
    input = static_cast<int64_t>(request_bytes / kBytesPerToken + 1);
    output = static_cast<int64_t>(answer_bytes / kBytesPerToken + 1);
  }
  const Quotas quotas = quotasOf(tenant);
  Spent more{input + output, 0};
  if (const auto price = quotas.llm_prices.find(model); price != quotas.llm_prices.end()) {
    const int64_t cost = input * price->second.input_micros + output * price->second.output_micros;
    more.money_micros = (cost + kPriceTokens - 1) / kPriceTokens;
  }
  std::lock_guard lock(counting_);
  JUNCTOR_TRY(Json row, today(store_, tenant, clock_.unixMs() / kDayMs));
  addTo(row, more);
  addTo(row["flows"][flow], more);
  return store_.putDocument(kindOf(tenant), kUsageKey, dumpJson(row));
}

Result<LlmMeter::Spent> LlmMeter::spent(const std::string& tenant, const std::string& flow) {
  JUNCTOR_TRY(const Json row, today(store_, tenant, clock_.unixMs() / kDayMs));
  return flow.empty() ? spentOf(row) : spentBy(row, flow);
}

}  // namespace junctor::steps
