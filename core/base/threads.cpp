#include "base/threads.h"

#include <pthread.h>
#include <sys/resource.h>

namespace junctor {

Thread::Thread(const std::string& name, std::function<void()> run)
    : thread_([name, run = std::move(run)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());  // kernel limit
        run();
      }) {}

void runBehindAnswers() {
  constexpr int kNice = 4;              // on Linux a thread has its own nice value
  setpriority(PRIO_PROCESS, 0, kNice);  // if it is refused, things merely stay as they were
}

}  // namespace junctor
