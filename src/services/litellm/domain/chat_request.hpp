#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/message.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/domain/api_error.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// A value, or the error that the client gets.
template <class T>
using Answer = boost::system::result<T, ApiError>;

// What a client asked of /chat/completions; the body stays as it came.
struct ChatRequest {
    std::unique_ptr<const std::string> body;
    JsonValue root;  // in `body`
    std::string model;
    bool stream = false;
    bool include_usage = false;
    unsigned choices = 1;  // n
    std::optional<Duration> timeout, stream_timeout;
    std::optional<int> num_retries;
    std::optional<std::string> mock_response;
    std::optional<bool> drop_params;    // of the body: what this call wants instead of the configuration
    std::string own_key, own_base;      // api_key and api_base of the body
    std::uint64_t prompt_estimate = 0;  // tokens
};

// `path_model` is of /engines/{model}/… and wins over the body; "" if there is none.
Answer<ChatRequest> parse_chat_request(std::string body, const http::FieldViews& fields,
                                       std::string_view path_model, const Config& config);

// The part of that which every inference call has, whatever it asks for. `forced_model` wins over all.
Answer<ChatRequest> parse_call_request(std::string body, const http::FieldViews& fields,
                                       std::string_view path_model, std::string_view forced_model,
                                       const Config& config);

std::uint64_t estimate_tokens(std::string_view text);  // when an upstream does not say: four bytes each

}  // namespace seance::litellm
