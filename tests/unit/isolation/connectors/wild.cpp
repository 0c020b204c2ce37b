// A connector that behaves as the body of the request says, without the SDK's help.
#include <fcntl.h>
#include <junctor/junctor.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

namespace {

constexpr int kWire = 3;
const jn_host* g_host = nullptr;
int g_calls = 0;

jn_str str(std::string_view text) {
  return {text.data(), text.size()};
}

jn_status emit(const jn_webhook_sink* sink, std::string_view type, std::string_view payload = {}) {
  jn_event out{};
  out.struct_size = sizeof out;
  out.type = str(type);
  out.payload_json = str(payload);
  return sink->event(sink, &out);
}

jn_status failWith(const jn_call* call, jn_status status, std::string_view message) {
  jn_error error{};
  error.struct_size = sizeof error;
  error.status = status;
  error.retry_after_ms = 7'000;
  error.message = str(message);
  return call->fail(call, &error);
}

int* volatile g_nowhere = nullptr;
volatile int g_bottom = -1;

[[gnu::noinline]] int overflow(int depth) {
  volatile char block[4096];
  block[0] = static_cast<char>(depth);
  return depth == g_bottom ? 0 : overflow(depth + 1) + block[0];
}

std::string_view outcome(bool allowed) {
  return allowed ? "allowed" : "denied";
}

// What a connector in a sandbox must not be able to do: "denied" or "allowed".
std::string_view attempt(std::string_view what) {
  if (what == "try-read") return outcome(::open("/etc/passwd", O_RDONLY) >= 0);
  if (what == "try-library")
    return outcome(::open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY) >= 0);
  if (what == "try-write")
    return outcome(::open("/tmp/junctor-wild", O_CREAT | O_WRONLY, 0600) >= 0);
  if (what == "try-socket") return outcome(::socket(AF_INET, SOCK_STREAM, 0) >= 0);
  if (what == "try-unix") return outcome(::socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
  if (what == "try-fork") return outcome(::fork() >= 0);
  if (what == "try-kill") return outcome(::kill(::getppid(), 0) == 0);
  if (what == "try-signal") return outcome(::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0) == 0);
  if (what == "try-limit") {
    const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
    return outcome(::setrlimit(RLIMIT_AS, &more) == 0);
  }
  if (what == "try-exec") {
    char* none[] = {nullptr};
    return outcome(::execve("/proc/self/exe", none, none) == 0);
  }
  if (what == "try-code") {
    return outcome(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  }
  if (what == "try-ptrace") return outcome(::syscall(SYS_ptrace, 16, ::getppid(), 0, 0) == 0);
  if (what == "try-environment") return outcome(environ && environ[0]);
  return "unknown";
}

void sendRaw(const void* bytes, size_t size) {
  iovec part{const_cast<void*>(bytes), size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ::sendmsg(kWire, &message, 0);
}

// Frames as the host's own runner would send them, at the wrong time.
void forge(std::string_view what) {
  struct {
    uint32_t magic;
    uint16_t kind, flags;
    uint64_t call, size;
  } head{0x31464e4a, 35, 0, 1, 0};
  if (what == "forge-call") head.call = 1'000'000;
  if (what == "forge-size") head.size = uint64_t{1} << 60;
  if (what == "forge-kind") head.kind = 999;
  if (what == "forge-memory") head.flags = 1;
  sendRaw(&head, sizeof head);
}

jn_status misbehave(const jn_call* call, std::string_view what, const jn_webhook_sink* sink) {
  if (what == "segv") *g_nowhere = 1;
  if (what == "abort") std::abort();
  if (what == "exit") ::_exit(0);
  if (what == "stack") return overflow(0) == 1 ? JN_OK : JN_E_INTERNAL;
  if (what == "spin") {
    for (;;) asm volatile("");
  }
  if (what == "sleep") ::pause(), ::sleep(1'000'000);
  if (what == "memory") {
    for (;;) {
      void* block = std::malloc(16 << 20);
      if (!block) return failWith(call, JN_E_INTERNAL, "out of memory");
      std::memset(block, 1, 16 << 20);
    }
  }
  if (what == "fork") {
    for (int i = 0; i < 1'000; ++i) ::fork();
    return emit(sink, "forked");
  }
  if (what == "fds") {
    for (int i = 0; i < 1'000; ++i) ::memfd_create("leak", 0);
    return emit(sink, "leaked");
  }
  if (what == "garbage") {
    sendRaw("these bytes are no frame at all", 31);
    return JN_OK;
  }
  if (what == "close-wire") ::close(kWire);
  if (what == "log-flood") {
    for (int i = 0; i < 100'000; ++i) g_host->log(g_host, JN_LOG_ERROR, "flood", 5);
  }
  if (what.substr(0, 5) == "forge") forge(what);
  return emit(sink, "survived");
}

jn_status handle(const jn_call* call, jn_instance*, const jn_http_in* request,
                 const jn_webhook_sink* sink) {
  std::string_view what(request->body.ptr, request->body.len);
  if (what.size() > 1 && what.front() == '"') what = what.substr(1, what.size() - 2);
  ++g_calls;
  if (what == "count") return emit(sink, "count", std::to_string(g_calls));
  if (what == "nap") {
    ::usleep(100'000);
    return emit(sink, "nap");
  }
  if (what == "pid") return emit(sink, "pid", std::to_string(::getpid()));
  if (what == "uid") return emit(sink, "uid", std::to_string(::getuid()));
  if (what == "tenant") {
    return emit(sink, "tenant", '"' + std::string(call->tenant.ptr, call->tenant.len) + '"');
  }
  if (what == "none") return JN_OK;
  if (what == "refuse") return failWith(call, JN_E_RATE_LIMITED, "connector-crash: a lie");
  if (what == "bad-json") return emit(sink, "bad", "{");
  if (what == "large") return emit(sink, "large", '"' + std::string(3 << 20, 'x') + '"');
  if (what.substr(0, 4) == "try-") return emit(sink, attempt(what));
  if (what.substr(0, 5) == "echo:") {
    std::string payload = "\"";
    payload += what.substr(5);
    return emit(sink, "echo", payload + '"');
  }
  if (what.size() > 100'000) return emit(sink, "size", std::to_string(what.size()));
  return misbehave(call, what, sink);
}

void pack(std::string& out, std::string_view text) {
  const uint64_t size = text.size();
  out.append(reinterpret_cast<const char*>(&size), sizeof size).append(text);
}

// A question to the host that no gate in this process has seen: a GET, as the wire has it.
std::string ask(std::string_view url) {
  std::string payload(1, '\1');
  pack(payload, "GET");
  pack(payload, url);
  payload.append(8, '\0');  // no headers
  for (int i = 0; i < 3; ++i) pack(payload, "");
  payload.append(17, '\0');
  const struct {
    uint32_t magic;
    uint16_t kind, flags;
    uint64_t call, size;
  } head{0x31464e4a, 36, 0, 1, payload.size()};
  sendRaw((std::string(reinterpret_cast<const char*>(&head), sizeof head) + payload).data(),
          sizeof head + payload.size());
  std::string answer(4096, '\0');
  const ssize_t size = ::read(kWire, answer.data(), answer.size());
  return size > 24 ? answer.substr(24, static_cast<size_t>(size) - 24) : std::string();
}

jn_status send(const jn_call* call, std::string_view method, std::string_view key, size_t bytes,
               size_t* answered) {
  const auto* http = static_cast<const jn_http*>(g_host->get_interface(g_host, JN_HTTP_ID));
  const std::string body(bytes, 'x');
  jn_http_request request{};
  request.struct_size = sizeof request;
  request.method = str(method);
  request.url = str("https://api.example.com/1");
  request.body = str(body);
  request.idempotency_key = str(key);
  request.answer_bytes_max = 8 << 20;
  jn_http_response response{};
  response.struct_size = sizeof response;
  const jn_status status = http->send(call, &request, &response);
  *answered = response.body.len;
  return status;
}

// "METHOD" or "METHOD+key", then ":" and what to do once it has been answered.
jn_status execute(const jn_call* call, jn_instance*, const jn_action* action,
                  const jn_action_sink* sink) {
  const std::string_view name(action->name.ptr, action->name.len);
  const std::string_view how = name.substr(0, name.find(':'));
  const std::string_view what = name.substr(how.size() + (how.size() < name.size() ? 1 : 0));
  size_t answered = 0;
  if (how.substr(0, 3) != "NOT") {
    const std::string_view method = how.substr(0, how.find('+'));
    const size_t bytes = what == "large" ? 5 << 20 : 2;
    const jn_status status =
        send(call, method, method.size() < how.size() ? "key" : "", bytes, &answered);
    if (status != JN_OK) return status;
  }
  std::string data = std::to_string(answered);
  if (what == "pid") data = std::to_string(::getpid());
  if (what.substr(0, 4) == "ask=") {
    const std::string answer = ask(what.substr(4));
    data = answer.find("does not name the host") != std::string::npos ? "\"refused\"" : "\"sent\"";
  }
  jn_webhook_sink nobody{};
  nobody.struct_size = sizeof nobody;
  nobody.event = [](const jn_webhook_sink*, const jn_event*) -> jn_status { return JN_OK; };
  if (what == "segv" || what == "spin" || what == "exit") misbehave(call, what, &nobody);
  const jn_action_result result{sizeof result, 0, str(data), {}, {}};
  return sink->result(sink, &result);
}

jn_status create(const jn_call* call, const jn_str* config, jn_instance** out) {
  const std::string_view settings(config->ptr, config->len);
  if (settings == R"({"create":"refuse"})") return failWith(call, JN_E_INVALID, "settings.x: no");
  if (settings == R"({"create":"crash"})") std::abort();
  static int instance;
  *out = reinterpret_cast<jn_instance*>(&instance);
  return JN_OK;
}
void destroy(jn_instance*) {}

jn_status open(const jn_plugin*, const jn_host* host) {
  g_host = host;
#ifdef WILD_BUSY_THREAD
  pthread_t thread;
  const auto spin = [](void*) -> void* {
    for (;;) asm volatile("");
  };
  if (pthread_create(&thread, nullptr, spin, nullptr) != 0) return JN_E_INTERNAL;
#endif
#ifdef WILD_OPEN_CRASHES
  std::abort();
#elif defined(WILD_OPEN_HANGS)
  ::sleep(1'000'000);
#elif defined(WILD_OPEN_FAILS)
  return JN_E_UNAVAILABLE;
#endif
  return JN_OK;
}

#ifdef WILD_CONSTRUCTOR_EXITS
[[gnu::constructor]] void leave() {
  ::_exit(0);
}
#endif

const void* interfaceOf(const jn_plugin*, const char* id) {
  static const jn_connector kConnector = {sizeof(jn_connector), 0, create, destroy, nullptr};
  static const jn_webhook kWebhook = {sizeof(jn_webhook), 0, nullptr, handle};
  if (std::string_view(id) == JN_CONNECTOR_ID) return &kConnector;
  static const jn_actions kActions = {sizeof(jn_actions), 0, execute};
  if (std::string_view(id) == JN_WEBHOOK_ID) return &kWebhook;
  if (std::string_view(id) == JN_ACTIONS_ID) return &kActions;
  return nullptr;
}

}  // namespace

extern "C" const jn_plugin* junctor_plugin_v1(uint32_t) {
  static const jn_plugin kPlugin = {
      sizeof(jn_plugin),
      JN_ABI_MAJOR,
      0,
      0,
      {JUNCTOR_CONNECTOR_ID, sizeof(JUNCTOR_CONNECTOR_ID) - 1},
      {JUNCTOR_CONNECTOR_VERSION, sizeof(JUNCTOR_CONNECTOR_VERSION) - 1},
      open,
      nullptr,
      interfaceOf};
  return &kPlugin;
}
