#include "script/budget.h"

#include <cstdlib>

#include "base/clock.h"
#include "base/limits.h"
#include "script/context.h"

namespace junctor::script {
namespace {

constexpr int kSlice = 1000;        // instructions between hooks
constexpr int kFirstSlice = 250;    // the first may all be dear; each step divides the one above
constexpr int kCautiousSlice = 10;  // after a slice that took kSlowSliceNs
constexpr int64_t kSlowSliceNs = 1'000'000;
constexpr int64_t kChargesPerClockRead = 4096;
constexpr int kBreachesMax = 4;  // each is a full collection: two are allowed to succeed

// The line of the innermost Lua function. Allocates nothing.
int currentLine(lua_State* L) {
  lua_Debug frame{};
  for (int level = 0; lua_getstack(L, level, &frame) != 0; ++level) {
    lua_getinfo(L, "l", &frame);
    if (frame.currentline > 0) return frame.currentline;
  }
  return 0;
}

}  // namespace

std::string_view describe(Abort abort) {
  switch (abort) {
    case Abort::Fuel:
      return "instruction budget used up";
    case Abort::Wall:
      return "time budget used up";
    case Abort::Memory:
      return "memory budget used up";
    case Abort::Pattern:
      return "pattern needs too many steps";
    case Abort::Result:
      return "result too large";
    case Abort::None:
      break;
  }
  return "";
}

void* Budget::allocate(void* self, void* block, size_t old_bytes, size_t new_bytes) {
  auto* budget = static_cast<Budget*>(self);
  if (block == nullptr) old_bytes = 0;  // then it is a type tag
  if (new_bytes == 0) {
    budget->pool_.release(block, old_bytes);
    budget->memory_used_ -= old_bytes;
    return nullptr;
  }
  if (new_bytes > old_bytes) {
    const size_t total = budget->memory_used_ + budget->held_ + (new_bytes - old_bytes);
    if (new_bytes > limits::kRuleBlockBytesMax || total > budget->allowed_.memory_bytes) {
      return budget->refuse();
    }
  }
  void* moved = budget->pool_.resize(block, old_bytes, new_bytes);
  if (moved == nullptr) return new_bytes <= old_bytes ? block : budget->refuse();
  budget->memory_used_ += new_bytes;
  budget->memory_used_ -= old_bytes;
  return moved;
}

// Lua answers a refusal with a full collection and one more try; a script that lives at the limit
// would collect all the time, so the fifth refusal ends it.
void* Budget::refuse() {
  if (++breaches_ >= kBreachesMax && aborted_ == Abort::None && state_ != nullptr) {
    aborted_ = Abort::Memory;
    setSlice(state_, 1);
  }
  return nullptr;
}

void Budget::setSlice(lua_State* L, int slice) {
  slice_ = slice;
  const int lines = contextOf(L).hits != nullptr ? LUA_MASKLINE : 0;
  lua_sethook(L, &Budget::onHook, LUA_MASKCOUNT | lines, slice);
}

void Budget::begin(lua_State* L) {
  state_ = L;
  breaches_ = 0;
  aborted_ = Abort::None;
  abort_line_ = 0;
  cpu_start_ns_ = -1;
  slice_start_ns_ = systemClock().monotonicNs();
  deadline_ns_ = slice_start_ns_ + allowed_.wall_ms * 1'000'000;
  fuel_used_ = 0;
  refuel(L);
  fuel_before_ = 0;
}

void Budget::refuel(lua_State* L) {
  fuel_before_ += fuel_used_;
  fuel_used_ = 0;
  unchecked_ = 0;
  counted_ = 0;
  setSlice(L, kFirstSlice);
}

void Budget::disarm(lua_State* L) {
  lua_sethook(L, nullptr, 0, 0);
  state_ = nullptr;
}

void Budget::charge(lua_State* L, int64_t units) {
  if (aborted_ != Abort::None) raise(L);
  fuel_used_ += units;
  if (fuel_used_ > allowed_.fuel) abort(L, Abort::Fuel);
  unchecked_ += units;
  if (unchecked_ >= kChargesPerClockRead) checkClock(L);
}

void Budget::hold(lua_State* L, size_t bytes) {
  held_ += bytes;
  if (memory_used_ + held_ > allowed_.memory_bytes) abort(L, Abort::Memory);
}

void Budget::onHook(lua_State* L, lua_Debug* activation) {
  Context& context = contextOf(L);
  if (activation->event != LUA_HOOKLINE) return context.budget.tick(L);
  if (context.budget.aborted_ != Abort::None) context.budget.raise(L);
  if (context.hits == nullptr) return;
  lua_getinfo(L, "S", activation);
  ++(*context.hits)[activation->short_src][activation->currentline];
}

// Fuel is counted at every kSlice instructions whichever way the hook steps, so that a slow machine
// does not change what a script may do.
void Budget::tick(lua_State* L) {
  if (aborted_ != Abort::None) raise(L);
  counted_ += slice_;
  const bool whole = counted_ >= kSlice;
  if (whole) {
    counted_ = 0;
    fuel_used_ += kSlice;
    if (fuel_used_ > allowed_.fuel) abort(L, Abort::Fuel);
  }
  checkClock(L);
  const bool slow = now_ns_ - slice_start_ns_ > kSlowSliceNs;
  if (whole) slice_start_ns_ = now_ns_;
  const int wanted = slow ? kCautiousSlice : whole ? kSlice : slice_;
  if (wanted != slice_) setSlice(L, wanted);
}

// A deadline that passed while the thread was waiting for a processor is moved, not held against
// the script: it cannot sleep, so its CPU time tells what it did.
void Budget::checkClock(lua_State* L) {
  unchecked_ = 0;
  now_ns_ = systemClock().monotonicNs();
  if (cpu_start_ns_ < 0) cpu_start_ns_ = threadCpuNs();
  if (now_ns_ < deadline_ns_) return;
  const int64_t unused = allowed_.wall_ms * 1'000'000 - (threadCpuNs() - cpu_start_ns_);
  if (unused <= 0) abort(L, Abort::Wall);
  deadline_ns_ = now_ns_ + unused;
}

void Budget::abort(lua_State* L, Abort why) {
  aborted_ = why;
  abort_line_ = currentLine(L);
  setSlice(L, 1);
  raise(L);
}

void Budget::raise(lua_State* L) {
  if (abort_line_ == 0) abort_line_ = currentLine(L);
  if (aborted_ == Abort::None) aborted_ = Abort::Memory;
  lua_pushlightuserdata(L, this);  // needs no memory; the latch says what it was
  lua_error(L);
  std::abort();  // lua_error does not return
}

}  // namespace junctor::script
