#include "flow/replayer.h"

#include <algorithm>

#include "base/limits.h"
#include "base/log.h"

namespace junctor::flow {
namespace {

constexpr std::chrono::milliseconds kTick{50};  // of a replay with a rate
constexpr size_t kTurn = 16;                    // items of one replay before the next has its turn
constexpr int64_t kSaveEvery = 250;             // dead letters; a crash finds the others by state

}  // namespace

Replayer::Replayer(ReplayerDeps deps)
    : deps_(std::move(deps)),
      replayed_(deps_.metrics.counter("junctor_replayed_total",
                                      "Events and dead letters that replays ran again")) {}

Replayer::~Replayer() {
  stop();
}

Result<void> Replayer::start() {
  JUNCTOR_TRY(const auto stored, deps_.store.documents(Replay::kKind));
  for (const auto& [key, json] : stored) {
    auto replay = replayFromJson(json);
    if (!replay) {
      log::error("flow", {{"replay", key}}, "{}", replay.error().message);
      continue;
    }
    if (replay->lane != deps_.store.lane()) continue;  // another node's
    auto job = std::make_shared<Job>();
    job->replay = *std::move(replay);
    jobs_[key] = std::move(job);
  }
  thread_ = Thread("jn-replay", [this] { run(); });
  return {};
}

void Replayer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

Result<int64_t> Replayer::count(const Replay& replay) {
  return replay.dead_letters ? deps_.store.countDeliveries(replay.deliveries())
                             : deps_.store.countEvents(replay.events());
}

Result<Replay> Replayer::create(Replay replay) {
  replay.id = "rpl_" + formatUuid(deps_.ids.next());
  replay.lane = deps_.store.lane();
  replay.created_at_ms = deps_.clock.unixMs();
  if (replay.until_ms == 0) replay.until_ms = replay.created_at_ms;
  JUNCTOR_TRY(replay.total, count(replay));
  {
    std::lock_guard lock(mutex_);
    const auto open = std::count_if(jobs_.begin(), jobs_.end(), [&](const auto& one) {
      return one.second->replay.tenant == replay.tenant && !one.second->replay.ended();
    });
    if (static_cast<size_t>(open) >= limits::kReplaysOpenMax) {
      return makeError(ErrorCode::ResourceExhausted,
                       std::to_string(open) + " replays are under way; wait or cancel one");
    }
  }
  JUNCTOR_CHECK(deps_.store.putDocument(Replay::kKind, replay.key(), replayToJson(replay)));
  auto job = std::make_shared<Job>();
  job->replay = replay;
  std::lock_guard lock(mutex_);
  jobs_[replay.key()] = std::move(job);
  changed_.notify_all();
  return replay;
}

std::vector<Replay> Replayer::list(const std::string& tenant) const {
  std::vector<Replay> all;
  std::lock_guard lock(mutex_);
  for (const auto& [key, job] : jobs_) {
    if (job->replay.tenant == tenant) all.push_back(job->replay);
  }
  std::reverse(all.begin(), all.end());  // ids rise with time
  return all;
}

Result<Replay> Replayer::find(const std::string& tenant, const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = jobs_.find(tenant + "/" + id);
  if (found == jobs_.end()) return notFound("there is no replay '" + id + "'");
  return found->second->replay;
}

Result<Replay> Replayer::cancel(const std::string& tenant, const std::string& id) {
  std::unique_lock lock(mutex_);
  const auto found = jobs_.find(tenant + "/" + id);
  if (found == jobs_.end()) return notFound("there is no replay '" + id + "'");
  const JobPtr job = found->second;
  if (job->replay.ended()) {
    return invalidArgument("the replay is " + std::string(toString(job->replay.state)));
  }
  job->cancelled = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return stopping_ || job->replay.ended(); });
  return job->replay;
}

void Replayer::run() {
  runBehindAnswers();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::vector<JobPtr> open;
    for (const auto& [key, job] : jobs_) {
      if (!job->replay.ended()) open.push_back(job);
    }
    lock.unlock();
    bool moved = false;
    for (const JobPtr& job : open) moved = step(job) || moved;
    lock.lock();
    if (moved || stopping_) continue;
    if (open.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_for(lock, kTick);
    }
  }
}

// One turn of a replay. False: nothing could be done.
bool Replayer::step(const JobPtr& job) {
  size_t turn = 0;
  bool cancelled = false, idle = false;
  {
    std::lock_guard lock(mutex_);
    cancelled = job->cancelled;
    idle = job->in_flight == 0;
    if (!cancelled) turn = allowed(*job, deps_.clock.monotonicMs());
  }
  if (cancelled && idle) end(job, ReplayState::Cancelled);
  if (cancelled || turn == 0) return false;
  if (!readAhead(*job)) return false;  // tried again at the next tick
  size_t moved = 0;
  for (; moved < turn && !(job->events.empty() && job->deliveries.empty()); ++moved) {
    if (job->replay.dead_letters) {
      runNextDead(job);
    } else {
      runNextEvent(job);
    }
  }
  if (moved == 0 && job->read_all && idle) end(job, ReplayState::Done);
  return moved > 0;
}

// With the mutex held.
size_t Replayer::allowed(Job& job, int64_t now_ms) {
  const size_t free = limits::kReplayInFlight - std::min(job.in_flight, limits::kReplayInFlight);
  if (job.replay.rate == 0) return std::min(free, kTurn);
  const auto rate = static_cast<double>(job.replay.rate);
  if (job.tokens_at_ms > 0) {
    job.tokens += static_cast<double>(now_ms - job.tokens_at_ms) * rate / 1'000;
  }
  job.tokens_at_ms = now_ms;
  job.tokens = std::min(job.tokens, std::max(1.0, rate / 10));  // no burst after a pause
  const size_t turn = std::min({free, kTurn, static_cast<size_t>(job.tokens)});
  job.tokens -= static_cast<double>(turn);
  return turn;
}

bool Replayer::readAhead(Job& job) {
  if (job.read_all || !job.events.empty() || !job.deliveries.empty()) return true;
  std::string next;
  if (job.replay.dead_letters) {
    auto page = deps_.store.listDeliveries(job.replay.deliveries());
    if (!page) {
      log::error("flow", {{"replay", job.replay.id}}, "{}", page.error().message);
      return false;
    }
    job.deliveries.assign(page->items.begin(), page->items.end());
    next = page->next_cursor;
  } else {
    auto page = deps_.store.listEvents(job.replay.events());
    if (!page) {
      log::error("flow", {{"replay", job.replay.id}}, "{}", page.error().message);
      return false;
    }
    job.events.assign(page->items.begin(), page->items.end());
    next = page->next_cursor;
  }
  job.read_all = next.empty();
  return true;
}

void Replayer::runNextEvent(const JobPtr& job) {
  const Event event = std::move(job->events.front());
  job->events.pop_front();
  const auto loaded = deps_.store.loadEvent(event.tenant, event.id);
  store::Document note{Replay::kKind, job->replay.key(), ""};
  {
    std::lock_guard lock(mutex_);
    job->replay.cursor = std::to_string(event.id.orderKey());
    ++job->replay.done;
    ++job->in_flight;
    note.json = replayToJson(job->replay);
  }
  replayed_.add();
  if (!loaded) return finished(job, loaded.error());
  deps_.run_event(*loaded, std::move(note),
                  [this, job](const Result<void>& result) { finished(job, result); });
}

void Replayer::runNextDead(const JobPtr& job) {
  const Delivery dead = std::move(job->deliveries.front());
  job->deliveries.pop_front();
  std::optional<Replay> save_now;
  const bool wanted = dead.reason.starts_with(job->replay.reason);
  {
    std::lock_guard lock(mutex_);
    job->replay.cursor = std::to_string(dead.id.orderKey());
    if (wanted) {
      ++job->replay.done;
      ++job->in_flight;
    }
    if (++job->unsaved >= kSaveEvery) {
      job->unsaved = 0;
      save_now = job->replay;
    }
  }
  if (wanted) {
    replayed_.add();
    deps_.run_dead(dead, [this, job](const Result<void>& result) { finished(job, result); });
  }
  if (save_now) save(*save_now);
}

void Replayer::finished(const JobPtr& job, const Result<void>& result) {
  std::lock_guard lock(mutex_);
  --job->in_flight;
  if (!result) {
    ++job->replay.failed;
    job->replay.problem = result.error().message;
  }
  changed_.notify_all();
}

void Replayer::end(const JobPtr& job, ReplayState state) {
  Replay ended;
  {
    std::lock_guard lock(mutex_);
    ended = job->replay;
  }
  ended.state = state;
  ended.ended_at_ms = deps_.clock.unixMs();
  save(ended);
  log::info("flow", {{"tenant", ended.tenant}, {"replay", ended.id}},
            "replay {}: {} of {}, {} failed", toString(state), ended.done, ended.total,
            ended.failed);
  {
    std::lock_guard lock(mutex_);
    job->replay = ended;
    changed_.notify_all();
  }
  forgetOld(ended.tenant);
}

void Replayer::save(const Replay& replay) {
  const auto saved = deps_.store.putDocument(Replay::kKind, replay.key(), replayToJson(replay));
  if (!saved) log::error("flow", {{"replay", replay.id}}, "{}", saved.error().message);
}

// The oldest of those that have ended.
void Replayer::forgetOld(const std::string& tenant) {
  std::vector<std::string> old;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, job] : jobs_) {
      if (job->replay.tenant == tenant && job->replay.ended()) old.push_back(key);
    }
    old.resize(old.size() > limits::kReplaysKept ? old.size() - limits::kReplaysKept : 0);
    for (const std::string& key : old) jobs_.erase(key);
  }
  for (const std::string& key : old) (void)deps_.store.removeDocument(Replay::kKind, key);
}

}  // namespace junctor::flow
