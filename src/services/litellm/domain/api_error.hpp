#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/message.hpp"
#include "services/litellm/domain/deployment.hpp"
#include "services/litellm/domain/error_class.hpp"

namespace seance::litellm {

// An error as clients see it: reference, section 14.
struct ApiError {
    int status = 500;
    std::string message = {};
    std::optional<std::string> type = {}, param = {};
    std::string provider_code = {};       // what the upstream called it, such as context_length_exceeded
    std::optional<ErrorClass> kind = {};  // if more is known than the status says
    std::string told = {};  // what the log says in place of a message that may repeat the prompt
    bool retryable = false;
    std::optional<Duration> retry_after = {};  // as the upstream asked

    // The upstream's header fields, if one answered.
    std::shared_ptr<const http::Fields> upstream = {};

    ErrorClass error_class() const;
    std::string json() const;        // {"error":{…}}
    std::string reason() const;      // for the log: never a prompt, never long
    std::string log_fields() const;  // `,"error_type":…,"reason":…`
};

// An error, or nothing. As small as a pointer: each coroutine of a call that waits holds several.
class Failure {
  public:
    Failure() = default;
    Failure(std::nullopt_t) {}
    Failure(ApiError error) : error_(std::make_unique<ApiError>(std::move(error))) {}
    explicit operator bool() const { return error_ != nullptr; }
    ApiError& operator*() const { return *error_; }
    ApiError* operator->() const { return error_.get(); }

  private:
    std::unique_ptr<ApiError> error_;
};

ApiError bad_request(std::string message, std::optional<std::string> param = std::nullopt);
ApiError unknown_model(std::string_view name);
ApiError timed_out(Duration limit);
ApiError unreachable(const Provider& provider, std::string_view why);

// An upstream's error answer: its status (or the code in an error object that came with 200), its body. The
// upstream's key is masked wherever the upstream repeats it.
ApiError upstream_error(const Provider& provider, int status, std::string_view body, const SecretText& key);

// The status of {"error":{"code":…}}; 500 if it names none.
int status_in_error(std::string_view body);

// Adds what was tried, as LiteLLM does after routing. `fallbacks`: "None" or "['a', 'b']".
void add_group(ApiError& error, std::string_view group, std::string_view fallbacks = "None");

}  // namespace seance::litellm
