#pragma once
#include <cstdint>
#include <string>

#include "core/runtime/awaitable.hpp"
#include "platform/stack/stack.hpp"

namespace seance::process {

// What a health probe found. The reason is for people: "connection refused", "answered 503", "no answer in
// 5s".
struct ProbeResult {
    bool healthy = false;
    std::string reason;
};

// Asks the service on this machine's loopback once. Http: 2xx to GET is healthy; RedisPing: +PONG is.
Awaitable<ProbeResult> probe(stack::HealthCheck check, std::uint16_t port, Duration limit);

// Whether anybody accepts connections on that port of the loopback.
Awaitable<bool> listens(std::uint16_t port, Duration limit);

}  // namespace seance::process
