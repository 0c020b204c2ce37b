#pragma once
// FairTurns: whose turn it is. Pure. Work stands in lanes (a tenant's destination), lanes in groups
// (the tenant): a lane's name up to its first '/' is its group.
//
// Groups are served by deficit round robin: in each round a group gets as many turns as it weighs,
// shared evenly by its lanes, so a tenant gets no more by having more destinations. In a lane the
// more urgent goes first, but of 21 turns bulk work gets one and normal work four if they wait.
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/delivery.h"

namespace junctor::queue {

class FairTurns {
 public:
  struct Lane;
  struct Group {
    std::string name;
    size_t items = 0;    // of all its lanes
    size_t running = 0;  // leased at once
    int weight = 1;

   private:
    friend class FairTurns;
    int credit = 0;  // turns left in this round
    size_t lane_count = 0;
    std::deque<Lane*> turn;  // its lanes that have ready work
    bool queued = false;
  };
  struct Lane {
    std::string name;
    Group* group = nullptr;
    size_t items = 0;  // ready and leased
    std::array<size_t, kPriorities> held{};
    size_t running = 0;
    size_t unrecorded = 0;    // no longer running, but its outcome is not durable yet
    bool overflowed = false;  // refused an item

    bool idle() const { return ready_count == 0; }
    bool alone() const { return name.size() == group->name.size(); }  // a group without parts

   private:
    friend class FairTurns;
    std::array<std::deque<int64_t>, kPriorities> ready;
    std::array<int, kPriorities> credit{};
    size_t ready_count = 0;
    bool queued = false;
  };
  struct Turn {
    Lane* lane;
    int64_t key;
  };
  using May = std::function<bool(const Lane&)>;
  using Weigh = std::function<int(const std::string& group)>;

  // Weights from 1 on; what is not known weighs 1.
  void weigh(Weigh weigh);

  Lane& lane(const std::string& name);  // made if it is new; the address stays until drop()
  Lane* find(const std::string& name) const;
  void drop(Lane& lane);  // of a lane without items

  void makeReady(Lane& lane, Priority priority, int64_t key);
  void takeBack(Lane& lane, Priority priority, int64_t key);
  std::vector<int64_t> takeAll(Lane& lane);

  // The next item whose lane `may` go. A lane that was refused is not asked again in this round.
  std::optional<Turn> next(const May& may);
  void endRound();

 private:
  std::optional<Turn> nextOf(Group& group, const May& may);
  static int64_t pick(Lane& lane);
  void enqueue(Lane& lane);
  void dequeue(Lane& lane);
  int weightOf(const std::string& group) const;

  Weigh weigh_;
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_;
  std::unordered_map<std::string, std::unique_ptr<Lane>> lanes_;
  std::deque<Group*> turn_;  // groups that have lanes with ready work
  std::vector<Lane*> refused_;
};

}  // namespace junctor::queue
