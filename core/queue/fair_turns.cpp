#include "queue/fair_turns.h"

#include <algorithm>

namespace junctor::queue {
namespace {

// Turns of the classes in one round of a lane.
constexpr std::array<int, kPriorities> kClassTurns = {16, 4, 1};

size_t indexOf(Priority priority) {
  return static_cast<size_t>(priority);
}

}  // namespace

void FairTurns::weigh(Weigh weigh) {
  weigh_ = std::move(weigh);
  for (auto& [name, group] : groups_) group->weight = weightOf(name);
}

int FairTurns::weightOf(const std::string& group) const {
  return weigh_ ? std::max(1, weigh_(group)) : 1;
}

FairTurns::Lane& FairTurns::lane(const std::string& name) {
  std::unique_ptr<Lane>& lane = lanes_[name];
  if (lane) return *lane;
  lane = std::make_unique<Lane>();
  lane->name = name;
  const std::string of = name.substr(0, name.find('/'));
  std::unique_ptr<Group>& group = groups_[of];
  if (!group) {
    group = std::make_unique<Group>();
    group->name = of;
    group->weight = weightOf(of);
  }
  lane->group = group.get();
  ++group->lane_count;
  return *lane;
}

FairTurns::Lane* FairTurns::find(const std::string& name) const {
  const auto found = lanes_.find(name);
  return found == lanes_.end() ? nullptr : found->second.get();
}

void FairTurns::drop(Lane& lane) {
  dequeue(lane);
  Group* const group = lane.group;
  lanes_.erase(std::string(lane.name));
  if (--group->lane_count == 0) groups_.erase(std::string(group->name));
}

void FairTurns::makeReady(Lane& lane, Priority priority, int64_t key) {
  lane.ready[indexOf(priority)].push_back(key);
  ++lane.ready_count;
  enqueue(lane);
}

void FairTurns::takeBack(Lane& lane, Priority priority, int64_t key) {
  lane.ready_count -= static_cast<size_t>(std::erase(lane.ready[indexOf(priority)], key));
  if (lane.ready_count == 0) dequeue(lane);
}

std::vector<int64_t> FairTurns::takeAll(Lane& lane) {
  std::vector<int64_t> keys;
  for (auto& ready : lane.ready) {
    keys.insert(keys.end(), ready.begin(), ready.end());
    ready.clear();
  }
  lane.ready_count = 0;
  dequeue(lane);
  return keys;
}

std::optional<FairTurns::Turn> FairTurns::next(const May& may) {
  while (!turn_.empty()) {
    Group& group = *turn_.front();
    if (group.credit <= 0) group.credit = group.weight;
    const auto turn = nextOf(group, may);
    if (turn) --group.credit;
    if (turn && group.credit > 0 && !group.turn.empty()) return turn;
    turn_.pop_front();
    group.queued = !group.turn.empty();
    if (group.queued) turn_.push_back(&group);
    if (!group.queued) group.credit = 0;  // what was not used is not saved up
    if (turn) return turn;
  }
  return std::nullopt;
}

std::optional<FairTurns::Turn> FairTurns::nextOf(Group& group, const May& may) {
  while (!group.turn.empty()) {
    Lane& lane = *group.turn.front();
    group.turn.pop_front();
    lane.queued = false;
    if (!may(lane)) {
      refused_.push_back(&lane);
      continue;
    }
    const Turn turn{&lane, pick(lane)};
    if (!lane.idle()) {
      lane.queued = true;
      group.turn.push_back(&lane);
    }
    return turn;
  }
  return std::nullopt;
}

int64_t FairTurns::pick(Lane& lane) {
  for (;;) {
    for (size_t i = 0; i < kPriorities; ++i) {
      if (lane.ready[i].empty() || lane.credit[i] <= 0) continue;
      --lane.credit[i];
      --lane.ready_count;
      const int64_t key = lane.ready[i].front();
      lane.ready[i].pop_front();
      return key;
    }
    lane.credit = kClassTurns;  // whoever waits has had its turns
  }
}

void FairTurns::endRound() {
  std::vector<Lane*> refused;
  refused.swap(refused_);
  for (Lane* lane : refused) enqueue(*lane);
}

void FairTurns::enqueue(Lane& lane) {
  const bool refused = std::find(refused_.begin(), refused_.end(), &lane) != refused_.end();
  if (lane.queued || lane.idle() || refused) return;
  lane.queued = true;
  Group& group = *lane.group;
  group.turn.push_back(&lane);
  if (group.queued) return;
  group.queued = true;
  turn_.push_back(&group);
}

void FairTurns::dequeue(Lane& lane) {
  std::erase(refused_, &lane);
  if (!lane.queued) return;
  lane.queued = false;
  Group& group = *lane.group;
  std::erase(group.turn, &lane);
  if (!group.turn.empty() || !group.queued) return;
  group.queued = false;
  group.credit = 0;
  std::erase(turn_, &group);
}

}  // namespace junctor::queue
