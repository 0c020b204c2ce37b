#pragma once
// Wire: what a connector asks of a server that speaks no HTTP, in the terms of HTTP. Manifests name
// the protocols ("capabilities.protocols"); URL, credential, deadline, pacing and answer are as
// with https, so that dry runs, journals and processes of their own work alike. Every connection is
// dialed through the guard (P8).
//
//   nats://host[:4222]/subject[?stream=1|?reply=1]     body: the payload; headers go along.
//       stream=1 waits for JetStream's word, reply=1 for the answer of whoever listens.
//   redis://, rediss://host[:6379]                     body: a command, ["XADD", "s", "*", "f",
//   "v"] postgres://host[:5432]/database                    body: {"sql": "… $1", "params": […]}
//   smtp://host[:587], smtps://host[:465]              body: {"from", "to": […], "message"}
//
// Answers are JSON. 401: the credential is refused; 422 the request, with {"code", "message"}; 503:
// not now. A credential comes as the header Authorization, Basic or (NATS) Bearer.
#include <atomic>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"

namespace junctor::wire {

// "nats" of "nats://…"; "" of http, https and what nobody speaks.
std::string protocolOf(std::string_view url);

// Blocks up to request.timeout_ms. Errors as HttpClient.
Result<net::OutboundResponse> exchange(const net::OutboundRequest& request,
                                       const std::atomic<bool>* cancelled, const Clock& clock);

}  // namespace junctor::wire
