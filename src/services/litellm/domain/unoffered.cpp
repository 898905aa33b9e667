#include "services/litellm/domain/unoffered.hpp"

#include <fmt/format.h>

namespace seance::litellm {
namespace {

struct Unoffered {
    std::string_view root;  // without /v1
    bool of_openai;         // reached through /openai/v1/…
};

constexpr Unoffered kUnoffered[] = {{"/files", true},      {"/batches", true},    {"/fine_tuning", true},
                                    {"/assistants", true}, {"/threads", true},    {"/vector_stores", true},
                                    {"/videos", true},     {"/containers", true}, {"/realtime", false},
                                    {"/ocr", false},       {"/search", false},    {"/a2a", false},
                                    {"/mcp", false},       {"/guardrails", false}};

bool below(std::string_view path, std::string_view root) {
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

bool is_gemini_front(std::string_view path) {
    if (!path.starts_with("/v1beta/models/") && !path.starts_with("/models/")) return false;
    for (std::string_view verb : {":generateContent", ":streamGenerateContent", ":countTokens"})
        if (path.ends_with(verb)) return true;
    return false;
}

}  // namespace

std::optional<std::string> why_unoffered(std::string_view path) {
    if (is_gemini_front(path))
        return "this gateway does not take Gemini's own form for models of its list: ask for them at "
               "/v1/chat/completions or /v1/messages. With the master key Gemini's own API is at "
               "/gemini/v1beta/models/…";
    if (path == "/utils/transform_request")
        return "this gateway does not offer /utils/transform_request; its log tells where a call went";
    for (std::string_view root : {"/model/new", "/model/update", "/model/delete", "/config"})
        if (below(path, root))
            return fmt::format(
                "this gateway does not offer {}: its models and settings are what config.yaml says; a change "
                "of "
                "that file takes effect by itself, and on SIGHUP at once",
                root);
    auto rest = below(path, "/v1") ? path.substr(3) : path;
    for (auto& [root, of_openai] : kUnoffered) {
        if (!below(rest, root)) continue;
        if (!of_openai) return fmt::format("this gateway does not offer {}", root);
        return fmt::format(
            "this gateway does not offer /v1{}: it keeps nothing of a provider's but answers of "
            "/v1/responses. With the "
            "master key OpenAI's own is at /openai/v1{}",
            root, rest);
    }
    return std::nullopt;
}

}  // namespace seance::litellm
