#include "store/write_queue.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/threads.h"

namespace junctor::store {
namespace {

void pushAppends(WriteQueue& queue, size_t count) {
  for (size_t i = 0; i < count; ++i) REQUIRE(queue.pushAppend(AppendWrite{}));
}
void pushRecords(WriteQueue& queue, size_t count) {
  for (size_t i = 0; i < count; ++i) queue.push(RecordWrite{});
}
size_t countAppends(const std::vector<Write>& batch) {
  size_t count = 0;
  for (const Write& write : batch) count += std::holds_alternative<AppendWrite>(write) ? 1 : 0;
  return count;
}

TEST_CASE("a few outcomes let some batches of appends pass, then ride along") {
  WriteQueue queue;
  pushRecords(queue, 4);
  size_t passed = 0;
  for (;; ++passed) {
    REQUIRE(passed < 10);
    pushAppends(queue, 3);
    const auto batch = queue.take(0);
    queue.finished();
    CHECK(countAppends(batch) == 3);
    if (batch.size() == 7) break;
  }
  CHECK(passed > 0);
  CHECK(queue.waiting() == 0);
}

TEST_CASE("outcomes ride at once when no append waits") {
  WriteQueue queue;
  pushRecords(queue, 4);
  CHECK(queue.take(0).size() == 4);
}

TEST_CASE("many outcomes ride along at once") {
  WriteQueue queue;
  pushAppends(queue, 3);
  pushRecords(queue, 200);
  CHECK(queue.take(0).size() == 203);
}

TEST_CASE("two full lanes share a batch and a lone one has it all") {
  WriteQueue queue;
  pushAppends(queue, 3'000);
  pushRecords(queue, 3'000);
  for (int i = 0; i < 5; ++i) {
    const auto batch = queue.take(0);
    CHECK(batch.size() == limits::kWriteBatchMax);
    CHECK(countAppends(batch) == limits::kWriteBatchMax / 2);
  }
  WriteQueue alone;
  pushAppends(alone, 3'000);
  CHECK(alone.take(0).size() == limits::kWriteBatchMax);
}

TEST_CASE("large outcomes make small batches") {
  WriteQueue queue;
  for (int i = 0; i < 100; ++i) {
    FinishWrite write;
    write.outcome = std::make_shared<FlowOutcome>();
    write.outcome->events.resize(limits::kEventsPerRequestMax);
    queue.push(std::move(write));
  }
  CHECK(queue.take(0).size() <= 3);
}

TEST_CASE("appends beyond the limit are refused and left to the caller") {
  WriteQueue queue;
  pushAppends(queue, limits::kAppendQueueMax);
  AppendWrite one;
  one.print = 7;
  CHECK_FALSE(queue.pushAppend(std::move(one)));
  CHECK(one.print == 7);
  pushRecords(queue, 1);  // outcomes are never refused
}

TEST_CASE("closing wakes the writer and hands out what is left") {
  WriteQueue queue;
  {
    Thread closer("closer", [&] { queue.close(); });
    CHECK(queue.take(1'000'000'000).empty());
  }
  pushRecords(queue, 2);
  CHECK(queue.take(1'000'000'000).size() == 2);
}

}  // namespace
}  // namespace junctor::store
