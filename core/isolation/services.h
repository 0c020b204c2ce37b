#pragma once
// The host's services over the wire. The child's ports ask, one question at a time; the parent
// answers out of its own ports, which stand behind the gate, for the call that it has given out:
// who asks, in what kind of call and until when is the parent's knowledge, never the child's word.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/ports.h"

namespace junctor::isolation {

// Parent. Blocks as the ports do. `secrets` are the live ones of the call, if it has any. What is
// no question is an error in the answer.
std::string answerQuestion(std::string_view question, const plugin::HostPorts& ports,
                           const plugin::PortCall& call, const std::vector<std::string>* secrets);

// Child. `ask` sends a question and waits for its answer.
class AskingPorts {
 public:
  using Ask = std::function<std::string(const std::string& question)>;
  explicit AskingPorts(Ask ask);
  ~AskingPorts();
  plugin::HostPorts ports();

 private:
  struct Ports;
  std::unique_ptr<Ports> ports_;
};

}  // namespace junctor::isolation
