#include "base/threads.h"

#include <pthread.h>

namespace junctor {

Thread::Thread(const std::string& name, std::function<void()> run)
    : thread_([name, run = std::move(run)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());  // kernel limit
        run();
      }) {}

}  // namespace junctor
