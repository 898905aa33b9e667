#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/pass_through.hpp"
#include "services/litellm/handlers/gateway.hpp"

namespace seance::litellm {

// What is passed on to another server, as far as it is counted.
struct PassedRequest {
    std::string name;    // "/bria": stands for it in records, sums and metrics
    std::string target;  // the address without its query
    std::string_view body;
    std::optional<NanoUsd> price = {};  // if the target says nothing
    bool open = false;                  // no key is asked for
};

// Counts a request that is passed on as a call: admitted under the limits and budgets of its key, then
// recorded once, with what the target says it has cost or its configured price. One that nobody ends is
// recorded as cut off.
class PassMeter {
  public:
    // Nothing once the request has been refused, and answered.
    static Awaitable<std::unique_ptr<PassMeter>> admit(Gateway& gateway, http::Exchange& exchange,
                                                       PassedRequest request);
    PassMeter(Gateway& gateway, http::Exchange& exchange, PassedRequest request, AdmissionPtr admission);
    ~PassMeter();
    PassMeter(const PassMeter&) = delete;
    PassMeter& operator=(const PassMeter&) = delete;

    // The target has begun to answer: `fields` gets what our client is told of its key and the cost.
    void begun(int status, const http::FieldViews& answer, http::Fields& fields);
    void ended();                        // whole; before the client has its last byte
    void failed(const ApiError& error);  // there is no answer, or it was cut
    void abandoned();                    // the client is gone

  private:
    void settle(int status, std::string error);

    Gateway& gateway_;
    http::Exchange& exchange_;
    PassedRequest request_;
    AdmissionPtr admission_;
    int status_ = 0;  // of the answer
    std::optional<NanoUsd> cost_;
    std::uint64_t tokens_ = 0;
};

}  // namespace seance::litellm
