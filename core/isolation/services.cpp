#include "isolation/services.h"

#include "crypto/secret_bytes.h"
#include "isolation/messages.h"
#include "plugin/host_crypto.h"

namespace junctor::isolation {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Reads what the question brings and answers it.
template <class... Args, class Do>
std::string answered(Unpacker& in, Do&& act) {
  std::tuple<Args...> args;
  const bool read = std::apply([&](auto&... each) { return unpackAll(in, each...); }, args);
  if (!read) return packError(invalidArgument("that is no question"));
  return packResult(std::apply(std::forward<Do>(act), std::move(args)));
}

std::string answerKv(Service service, Unpacker& in, plugin::KvPort& port,
                     const plugin::PortCall& call) {
  using Text = std::string;
  switch (service) {
    case Service::KvGet:
      return answered<Text>(in, [&](const Text& key) { return port.get(call, key); });
    case Service::KvPut:
      return answered<plugin::KvWrite>(
          in, [&](const plugin::KvWrite& write) { return port.put(call, write); });
    case Service::KvRemove:
      return answered<Text>(in, [&](const Text& key) { return port.remove(call, key); });
    default:
      return answered<Text, Text, uint64_t>(
          in, [&](const Text& prefix, const Text& after, uint64_t limit) {
            return port.list(call, prefix, after, limit);
          });
  }
}

std::string answerMetric(Service service, Unpacker& in, plugin::MetricsPort& port,
                         const plugin::PortCall& call) {
  return answered<std::string, plugin::MetricsPort::Labels, uint64_t>(
      in, [&](const std::string& name, const auto& labels, uint64_t value) {
        return service == Service::MetricCount ? port.count(call, name, labels, value)
                                               : port.observeUs(call, name, labels, value);
      });
}

template <class Value, class Reply>
Result<Value> read(const Reply& reply) {
  Unpacker in(reply);
  return readResult<Value>(in);
}

// The child's ports. What is asked for is all they send: the parent knows the call.
struct Network final : plugin::HttpPort {
  explicit Network(const AskingPorts::Ask& ask) : ask_(ask) {}
  Result<plugin::HttpAnswer> send(const plugin::PortCall&,
                                  const plugin::HttpSend& request) override {
    return read<plugin::HttpAnswer>(ask_(packAsk(Service::HttpSend, request)));
  }
  const AskingPorts::Ask& ask_;
};

struct Storage final : plugin::KvPort {
  explicit Storage(const AskingPorts::Ask& ask) : ask_(ask) {}
  Result<plugin::KvEntry> get(const plugin::PortCall&, const std::string& key) override {
    return read<plugin::KvEntry>(ask_(packAsk(Service::KvGet, key)));
  }
  Result<uint64_t> put(const plugin::PortCall&, const plugin::KvWrite& write) override {
    return read<uint64_t>(ask_(packAsk(Service::KvPut, write)));
  }
  Result<void> remove(const plugin::PortCall&, const std::string& key) override {
    return read<void>(ask_(packAsk(Service::KvRemove, key)));
  }
  Result<Pairs> list(const plugin::PortCall&, const std::string& prefix, const std::string& after,
                     size_t limit) override {
    return read<Pairs>(ask_(packAsk(Service::KvList, prefix, after, uint64_t{limit})));
  }
  const AskingPorts::Ask& ask_;
};

struct Secrets final : plugin::SecretsPort {
  explicit Secrets(const AskingPorts::Ask& ask) : ask_(ask) {}
  Result<std::string> get(const plugin::PortCall&, const std::string& name) override {
    std::string reply = ask_(packAsk(Service::SecretGet, name));
    const crypto::WipeAtEnd wiped(reply);
    return read<std::string>(reply);
  }
  const AskingPorts::Ask& ask_;
};

struct Metrics final : plugin::MetricsPort {
  explicit Metrics(const AskingPorts::Ask& ask) : ask_(ask) {}
  Result<void> count(const plugin::PortCall&, const std::string& name, const Labels& labels,
                     uint64_t n) override {
    return read<void>(ask_(packAsk(Service::MetricCount, name, labels, n)));
  }
  Result<void> observeUs(const plugin::PortCall&, const std::string& name, const Labels& labels,
                         uint64_t us) override {
    return read<void>(ask_(packAsk(Service::MetricObserve, name, labels, us)));
  }
  const AskingPorts::Ask& ask_;
};

struct Crypto final : plugin::CryptoPort {
  explicit Crypto(const AskingPorts::Ask& ask) : ask_(ask) {}
  Result<bool> macMatches(const plugin::PortCall&, uint32_t alg, const std::string& message,
                          std::string_view tag) override {
    return read<bool>(ask_(packAsk(Service::MacMatches, alg, message, std::string(tag))));
  }
  const AskingPorts::Ask& ask_;
};

}  // namespace

std::string answerQuestion(std::string_view question, const plugin::HostPorts& ports,
                           const plugin::PortCall& call, const std::vector<std::string>* secrets) {
  Unpacker in(question);
  const auto service = static_cast<Service>(in.u8());
  switch (service) {
    case Service::HttpSend:
      return answered<plugin::HttpSend>(
          in, [&](const plugin::HttpSend& request) { return ports.http->send(call, request); });
    case Service::KvGet:
    case Service::KvPut:
    case Service::KvRemove:
    case Service::KvList:
      return answerKv(service, in, *ports.kv, call);
    case Service::SecretGet:
      return answered<std::string>(
          in, [&](const std::string& name) { return ports.secrets->get(call, name); });
    case Service::MetricCount:
    case Service::MetricObserve:
      return answerMetric(service, in, *ports.metrics, call);
    case Service::MacMatches:
      return answered<uint32_t, std::string, std::string>(
          in, [&](uint32_t alg, const std::string& message, const std::string& tag) {
            static const std::vector<std::string> kNone;
            return plugin::macMatches(alg, message, tag, secrets ? *secrets : kNone);
          });
  }
  return packError(invalidArgument("there is no such service"));
}

struct AskingPorts::Ports {
  explicit Ports(Ask given)
      : ask(std::move(given)),
        network(ask),
        storage(ask),
        secrets(ask),
        metrics(ask),
        crypto(ask) {}
  const Ask ask;
  Network network;
  Storage storage;
  Secrets secrets;
  Metrics metrics;
  Crypto crypto;
};

AskingPorts::AskingPorts(Ask ask) : ports_(std::make_unique<Ports>(std::move(ask))) {}

AskingPorts::~AskingPorts() = default;

plugin::HostPorts AskingPorts::ports() {
  return {&ports_->network, &ports_->storage, &ports_->secrets, &ports_->metrics, &ports_->crypto};
}

}  // namespace junctor::isolation
