#include "services/litellm/domain/forms/embedding_form.hpp"

#include <fmt/format.h>

#include <bit>

#include "core/base/base64.hpp"
#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/openai_chat.hpp"
#include "services/litellm/domain/wires/bedrock_wire.hpp"
#include "services/litellm/domain/wires/gemini_wire.hpp"
#include "services/litellm/domain/wires/ollama_wire.hpp"

namespace seance::litellm {
namespace {

struct Wanted {
    std::vector<std::string> texts;
    std::string dimensions;  // JSON, or ""
    bool base64 = false;
};

bool wants_base64(const JsonValue& request) {
    return json_text(json_find(request, "encoding_format")) == "base64";
}

Answer<Wanted> read_wanted(const ChatRequest& request) {
    JsonFields fields(request.root);
    Wanted wanted;
    auto input = *fields.find("input");
    auto tokens = [] {
        return bad_request(
            "litellm.BadRequestError: this model's provider takes texts as input, not lists of tokens",
            "input");
    };
    if (auto text = json_text(input)) {
        wanted.texts.push_back(*text);
    } else {
        for (auto& element : json_elements(input)) {
            auto text_of = json_text(element);
            if (!text_of) return tokens();
            wanted.texts.push_back(*text_of);
        }
    }
    if (wanted.texts.empty()) return bad_request("input must hold at least one text", "input");
    if (auto dimensions = fields.find("dimensions", JsonKind::Number)) wanted.dimensions = dimensions->text;
    wanted.base64 = wants_base64(request.root);
    return wanted;
}

// What differs from provider to provider.
class EmbeddingDialogue : public Dialogue {
  public:
    EmbeddingDialogue(Wanted wanted, const Destination& to, AnswerContext context)
        : wanted_(std::move(wanted)), to_(to), context_(std::move(context)) {}

    Answer<Completion> whole(std::string_view body) override {
        auto root = parse_json(body);
        if (!root || !root->is(JsonKind::Object))
            return not_an_answer(context_, body, "the body is no JSON object");
        if (auto error = error_in_answer(*root, context_)) return *error;
        Usage usage{.prompt = context_.prompt_estimate};
        auto vectors = read(JsonFields(*root), usage);
        if (vectors.size() != wanted_.texts.size())
            return not_an_answer(
                context_, body,
                fmt::format("it holds {} embeddings for {} texts", vectors.size(), wanted_.texts.size()));
        JsonArray data;
        for (std::size_t i = 0; i < vectors.size(); ++i)
            data.add(JsonObject()
                         .raw("object", "\"embedding\"")
                         .number("index", i)
                         .raw("embedding", wanted_.base64 ? json_quote(floats_to_base64(vectors[i]))
                                                          : std::string(vectors[i].text))
                         .str());
        return Completion{JsonObject()
                              .raw("object", "\"list\"")
                              .raw("data", data.str())
                              .text("model", context_.model)
                              .raw("usage", JsonObject()
                                                .number("prompt_tokens", usage.prompt)
                                                .number("total_tokens", usage.prompt)
                                                .str())
                              .str(),
                          usage};
    }
    std::unique_ptr<StreamRelay> stream() override { return nullptr; }
    bool is_stream(std::string_view, std::string_view) const override { return false; }
    Answer<Completion> whole_as_stream(std::string_view body) override { return whole(body); }
    ApiError error(int status, std::string_view body) const override {
        return gemini_error(context_, status, body);
    }

  protected:
    // The vectors of an answer, in the order of the texts.
    virtual std::vector<JsonValue> read(const JsonFields& root, Usage& usage) const = 0;

    Wanted wanted_;
    Destination to_;
    AnswerContext context_;
};

class GeminiEmbeddings final : public EmbeddingDialogue {
  public:
    using EmbeddingDialogue::EmbeddingDialogue;
    Answer<UpstreamCall> call() override {
        JsonArray requests;
        for (auto& text : wanted_.texts)
            requests.add(JsonObject()
                             .text("model", "models/" + to_.endpoint.model)
                             .raw("content", fmt::format("{{\"parts\":[{{\"text\":{}}}]}}", json_quote(text)))
                             .raw_if("outputDimensionality", wanted_.dimensions)
                             .str());
        return gemini_call(to_, "batchEmbedContents", JsonObject().raw("requests", requests.str()).str(),
                           false);
    }

  private:
    std::vector<JsonValue> read(const JsonFields& root, Usage&) const override {
        std::vector<JsonValue> vectors;
        for (auto& one : root.list("embeddings"))
            if (auto values = json_find(one, "values"); values && values->is(JsonKind::Array))
                vectors.push_back(*values);
        return vectors;
    }
};

class OllamaEmbeddings final : public EmbeddingDialogue {
  public:
    using EmbeddingDialogue::EmbeddingDialogue;
    Answer<UpstreamCall> call() override {
        JsonArray texts;
        for (auto& text : wanted_.texts) texts.add_text(text);
        auto body = JsonObject()
                        .text("model", to_.endpoint.model)
                        .raw("input", texts.str())
                        .raw_if("dimensions", wanted_.dimensions)
                        .str();
        return ollama_call(to_, "/api/embed", std::move(body), false);
    }

  private:
    std::vector<JsonValue> read(const JsonFields& root, Usage& usage) const override {
        if (auto prompt = root.count("prompt_eval_count")) usage.prompt = prompt;
        std::vector<JsonValue> vectors;
        for (auto& vector : root.list("embeddings"))
            if (vector.is(JsonKind::Array)) vectors.push_back(vector);
        return vectors;
    }
};

// Many texts a call.
class CohereEmbeddings final : public EmbeddingDialogue {
  public:
    using EmbeddingDialogue::EmbeddingDialogue;
    Answer<UpstreamCall> call() override {
        JsonArray texts;
        for (auto& text : wanted_.texts) texts.add_text(text);
        auto body = JsonObject()
                        .raw("texts", texts.str())
                        .raw("input_type", "\"search_document\"")
                        .raw_if("output_dimension", wanted_.dimensions)
                        .str();
        return bedrock_call(to_, "invoke", std::move(body), "application/json", context_.created);
    }

  private:
    std::vector<JsonValue> read(const JsonFields& root, Usage&) const override {
        std::vector<JsonValue> vectors;
        auto many = root.find("embeddings");
        if (many && many->is(JsonKind::Object)) many = json_find(*many, "float");
        if (many)
            for (auto& vector : json_elements(*many))
                if (vector.is(JsonKind::Array)) vectors.push_back(vector);
        return vectors;
    }
};

// One text a call, so several texts are as many calls, one after the other; tokens add up.
class TitanEmbeddings final : public EmbeddingDialogue {
  public:
    using EmbeddingDialogue::EmbeddingDialogue;
    Answer<UpstreamCall> call() override {
        answers_.clear();
        return call_for(0);
    }
    std::optional<UpstreamCall> next_call(std::string_view body) override {
        if (answers_.size() + 1 >= wanted_.texts.size()) return std::nullopt;
        auto root = parse_json(body);
        if (!root || !root->is(JsonKind::Object) || !vector_in(*root))
            return std::nullopt;  // whole() says so
        auto next = call_for(answers_.size() + 1);
        if (!next) return std::nullopt;
        answers_.emplace_back(body);
        return std::move(*next);
    }

  private:
    Answer<UpstreamCall> call_for(std::size_t index) const {
        auto body = JsonObject()
                        .text("inputText", wanted_.texts[index])
                        .raw_if("dimensions", wanted_.dimensions)
                        .str();
        return bedrock_call(to_, "invoke", std::move(body), "application/json", context_.created);
    }
    static std::optional<JsonValue> vector_in(const JsonValue& root) {
        return JsonFields(root).find("embedding", JsonKind::Array);
    }
    std::vector<JsonValue> read(const JsonFields& root, Usage& usage) const override {
        std::vector<JsonValue> vectors;
        std::uint64_t tokens = 0;
        auto add = [&](const JsonFields& answer) {
            tokens += answer.count("inputTextTokenCount");
            if (auto vector = answer.find("embedding", JsonKind::Array)) vectors.push_back(*vector);
        };
        for (auto& answer : answers_) add(JsonFields(*parse_json(answer)));
        add(root);
        if (tokens > 0) usage.prompt = tokens;
        return vectors;
    }

    std::vector<std::string> answers_;  // to all texts but the last
};

// An upstream of OpenAI's form that does not know encoding_format and answers with numbers.
class InBase64 final : public Dialogue {
  public:
    explicit InBase64(std::unique_ptr<Dialogue> plain) : plain_(std::move(plain)) {}

    Answer<UpstreamCall> call() override { return plain_->call(); }
    Answer<Completion> whole(std::string_view body) override {
        auto answer = plain_->whole(body);
        if (!answer) return answer;
        auto root = parse_json(answer->json);
        if (auto encoded = embeddings_in_base64(*root)) answer->json = std::move(*encoded);
        return answer;
    }
    std::unique_ptr<StreamRelay> stream() override { return nullptr; }
    bool is_stream(std::string_view, std::string_view) const override { return false; }
    Answer<Completion> whole_as_stream(std::string_view body) override { return whole(body); }
    ApiError error(int status, std::string_view body) const override { return plain_->error(status, body); }

  private:
    std::unique_ptr<Dialogue> plain_;
};

}  // namespace

std::string floats_to_base64(const JsonValue& vector) {
    std::string bytes;
    for (auto& element : json_elements(vector)) {
        auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(json_number(element).value_or(0)));
        for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xff);
    }
    return base64_encode(bytes);
}

std::optional<std::string> embeddings_in_base64(const JsonValue& answer) {
    JsonEdit edit(answer);
    auto data = edit.find("data");
    if (!data || !data->is(JsonKind::Array)) return std::nullopt;
    JsonArray encoded;
    bool changed = false;
    for (auto& element : json_elements(*data)) {
        JsonEdit one(element);
        if (auto vector = one.find("embedding"); vector && vector->is(JsonKind::Array)) {
            one.set("embedding", json_quote(floats_to_base64(*vector)));
            changed = true;
        }
        encoded.add(one.text());
    }
    if (!changed) return std::nullopt;
    edit.set("data", encoded.str());
    return edit.text();
}

Answer<ChatRequest> EmbeddingForm::parse(std::string body, const http::FieldViews& fields,
                                         std::string_view path_model, const Config& config) {
    auto request = PassForm::parse(std::move(body), fields, path_model, config);
    if (!request) return request;
    base64_ = wants_base64(request->root);
    auto input = json_find(request->root, "input");
    auto inputs = input ? json_elements(*input) : std::vector<JsonValue>{};
    bool many = !inputs.empty() && !inputs.front().is(JsonKind::Number);
    count_ = many ? inputs.size() : 1;
    return request;
}

Answer<std::unique_ptr<Dialogue>> EmbeddingForm::begin(const ChatRequest& request, const Destination& to,
                                                       const AnswerContext& context) {
    auto kind = to.endpoint.provider->wire;
    if (kind != WireKind::Gemini && kind != WireKind::Ollama && kind != WireKind::Bedrock) {
        auto plain = PassForm::begin(request, to, context);
        if (!plain || !base64_) return plain;
        return std::unique_ptr<Dialogue>(std::make_unique<InBase64>(std::move(*plain)));
    }
    auto wanted = read_wanted(request);
    if (!wanted) return wanted.error();
    if (kind == WireKind::Gemini)
        return std::unique_ptr<Dialogue>(std::make_unique<GeminiEmbeddings>(std::move(*wanted), to, context));
    if (kind == WireKind::Ollama)
        return std::unique_ptr<Dialogue>(std::make_unique<OllamaEmbeddings>(std::move(*wanted), to, context));
    if (to.endpoint.model.find("cohere") != std::string::npos)
        return std::unique_ptr<Dialogue>(std::make_unique<CohereEmbeddings>(std::move(*wanted), to, context));
    return std::unique_ptr<Dialogue>(std::make_unique<TitanEmbeddings>(std::move(*wanted), to, context));
}

// Of a mock model: a vector that is always the same, for each input.
std::string EmbeddingForm::whole(std::string, const AnswerContext& context) const {
    constexpr std::string_view kVector = "[0.1,0.2,0.3]";
    auto vector = base64_ ? json_quote(floats_to_base64(*parse_json(kVector))) : std::string(kVector);
    JsonArray data;
    for (std::size_t i = 0; i < count_; ++i)
        data.add(
            JsonObject().raw("object", "\"embedding\"").number("index", i).raw("embedding", vector).str());
    return JsonObject()
        .raw("object", "\"list\"")
        .raw("data", data.str())
        .text("model", context.model)
        .raw("usage", JsonObject()
                          .number("prompt_tokens", context.prompt_estimate)
                          .number("total_tokens", context.prompt_estimate)
                          .str())
        .str();
}

}  // namespace seance::litellm
