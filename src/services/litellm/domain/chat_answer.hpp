#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "services/litellm/domain/chat_request.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/money.hpp"

namespace seance::litellm {

// What a call consumed, in tokens.
struct Usage {
    std::uint64_t prompt = 0, completion = 0;  // all of each, with the parts below
    std::optional<double> cost = {};           // USD, as the upstream says (OpenRouter)
    std::uint64_t cached = 0;                  // of prompt: read from the provider's cache
    std::uint64_t cache_creation = 0;          // of prompt: written to it
    std::uint64_t reasoning = 0;               // of completion
    std::uint64_t audio = 0;                   // of prompt
    std::uint64_t audio_out = 0;               // of completion
    std::uint64_t images = 0;                  // made
};

// What a client's view of an answer needs beside the answer.
struct AnswerContext {
    const Provider* provider = nullptr;
    SecretText key;                     // masked in errors
    std::string model;                  // the name the client asked for
    std::string id;                     // "chatcmpl-…", if the upstream names none
    std::int64_t created = 0;           // likewise
    std::uint64_t prompt_estimate = 0;  // tokens, if the upstream does not count
    // What such usage costs, if the end of a stream is to say so; else empty.
    std::function<std::optional<NanoUsd>(const Usage&)> cost = {};
};

// `usage`, an object in JSON, with what it costs; as it is if that is not to be said or not known.
std::string usage_with_cost(std::string usage, const Usage& counted, const AnswerContext& context);

struct Completion {
    std::string json;
    Usage usage;
};

// A whole answer as the client sees it: model replaced, absent id, created, object and usage filled in,
// provider words for finish_reason mapped, reasoning repeated as reasoning_content; all else keeps its bytes.
// An error object that came with status 200 and what is no completion are errors.
Answer<Completion> rewrite_completion(std::string_view body, const AnswerContext& context);

// Of what is no answer at all: an HTML page, an empty body, a JSON value of another kind.
ApiError not_an_answer(const AnswerContext& context, std::string_view body, std::string_view why);

// Parts shared with streams.
std::optional<ApiError> error_in_answer(const JsonValue& root, const AnswerContext& context);
// The same with its member "error", which has been looked for.
std::optional<ApiError> error_in_answer(const JsonValue& root, const std::optional<JsonValue>& error,
                                        const AnswerContext& context);
void fill_identity(JsonEdit& edit, const AnswerContext& context, std::string_view object);
std::optional<std::string> rewrite_choice(
    const JsonValue& choice, std::string_view part);  // part: message or delta; nothing if it may stay
std::string_view map_finish_reason(std::string_view word);
std::optional<Usage> read_usage(const std::optional<JsonValue>& usage);
std::string usage_json(const Usage& usage);

// A whole answer as the chunks of a stream: what to feed to ChatStream, without [DONE].
std::vector<std::string> completion_to_chunks(const JsonValue& completion);

}  // namespace seance::litellm
