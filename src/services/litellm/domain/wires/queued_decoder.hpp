#pragma once
#include <deque>

#include "services/litellm/domain/wires/openai_wire.hpp"

namespace seance::litellm {

// A decoder that makes any number of chunks of one piece of the upstream's stream.
class QueuedDecoder : public StreamDecoder {
  public:
    std::optional<std::string> next() override {
        if (chunks_.empty()) return std::nullopt;
        auto chunk = std::move(chunks_.front());
        chunks_.pop_front();
        return chunk;
    }
    std::optional<std::string> rest() override { return next(); }
    std::optional<ApiError> error() const override {
        return chunks_.empty() ? error_ : std::nullopt;  // what came before it counts
    }

  protected:
    void push(std::string chunk) { chunks_.push_back(std::move(chunk)); }
    // A chunk of the first choice.
    void push_delta(std::string_view delta, std::string_view finish = "null") {
        push("{\"choices\":[{\"index\":0,\"delta\":" + std::string(delta) +
             ",\"finish_reason\":" + std::string(finish) + "}]}");
    }
    void push_usage(std::string_view usage) { push("{\"choices\":[],\"usage\":" + std::string(usage) + "}"); }
    void push_done() { push("[DONE]"); }
    void fail(ApiError error) {
        if (!error_) error_ = std::move(error);
    }
    bool failed() const { return error_.has_value(); }

  private:
    std::deque<std::string> chunks_;
    std::optional<ApiError> error_;
};

// One whose stream is server-sent events.
class EventDecoder : public QueuedDecoder {
  public:
    void feed(std::string_view bytes) override {
        events_.feed(bytes);
        while (auto data = events_.next())
            if (!failed()) take(*data);
        if (events_.overflowed()) fail(event_too_large());
    }
    std::optional<std::string> rest() override {
        if (auto data = events_.rest(); data && !failed()) take(*data);
        return next();
    }

  protected:
    virtual void take(const std::string& data) = 0;

  private:
    SseParser events_;
};

// A piece of a stream that is not what the provider's form promises.
ApiError broken_stream(const Provider& provider, std::string_view why);

}  // namespace seance::litellm
