#pragma once
// Budget: what one run of a script may use, and the latch that ends it. Fuel is deterministic (it
// replays the same); wall time is the backstop; memory is counted in the allocator.
// Once a limit is hit nothing in the script runs any more: the hook fires on every instruction
// and pcall passes the abort on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "script/block_pool.h"
#include "script/lua_api.h"
#include "script/rules.h"

namespace junctor::script {

enum class Abort : uint8_t { None, Fuel, Wall, Memory, Pattern, Result };
std::string_view describe(Abort abort);

class Budget {
 public:
  explicit Budget(const RuleBudget& allowed) : allowed_(allowed) {}

  // lua_Alloc. `self` is the Budget.
  static void* allocate(void* self, void* block, size_t old_bytes, size_t new_bytes);

  // Arms the hook and starts fuel and wall time anew.
  void begin(lua_State* L);
  // Fuel anew, the deadline stays.
  void refuel(lua_State* L);
  void disarm(lua_State* L);

  // Work done outside the VM, in instructions; may not return.
  void charge(lua_State* L, int64_t units);
  void chargeBytes(lua_State* L, size_t bytes) { charge(L, 1 + static_cast<int64_t>(bytes / 64)); }
  // Host memory that a script makes us hold over a call into Lua; counts as its own. May abort.
  void hold(lua_State* L, size_t bytes);
  void release(size_t bytes) { held_ -= bytes; }
  // Ends the script; does not return.
  [[noreturn]] void abort(lua_State* L, Abort why);
  [[noreturn]] void raise(lua_State* L);

  Abort aborted() const { return aborted_; }
  int abortLine() const { return abort_line_; }
  int64_t fuelUsed() const { return fuel_before_ + fuel_used_; }  // since begin()
  // What the state keeps of the system's memory.
  size_t footprint() const { return std::max(memory_used_, pool_.bytes()); }

 private:
  static void onHook(lua_State* L, lua_Debug* activation);
  void tick(lua_State* L);
  void checkClock(lua_State* L);
  void* refuse();
  void setSlice(lua_State* L, int slice);

  BlockPool pool_;
  RuleBudget allowed_;
  lua_State* state_ = nullptr;
  size_t memory_used_ = 0;
  size_t held_ = 0;
  int breaches_ = 0;
  Abort aborted_ = Abort::None;
  int abort_line_ = 0;
  int64_t fuel_before_ = 0;  // used before refuel()
  int64_t fuel_used_ = 0;
  int64_t unchecked_ = 0;  // charged since the clock was read
  int slice_ = 0;          // instructions between hooks
  int counted_ = 0;        // instructions not yet added to the fuel
  int64_t now_ns_ = 0;     // when the clock was last read
  int64_t slice_start_ns_ = 0;
  int64_t deadline_ns_ = 0;
  int64_t cpu_start_ns_ = -1;
};

}  // namespace junctor::script
