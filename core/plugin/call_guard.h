#pragma once
// Runs connector code that promises not to throw, and does not trust the promise. Private.
#include "plugin/call_context.h"

namespace junctor::plugin {

// Afterwards the call has ended: secrets it was given are wiped.
template <class Call>
jn_status guarded(CallContext& context, Call&& call) {
  struct Ended {
    CallContext& context;
    ~Ended() { context.end(); }
  } ended{context};
  try {
    return call();
  } catch (...) {
    jn_error error{};
    error.struct_size = sizeof error;
    error.status = JN_E_INTERNAL;
    error.message = viewOf("threw an exception");
    context.fail(error);
    return JN_E_INTERNAL;
  }
}

}  // namespace junctor::plugin
