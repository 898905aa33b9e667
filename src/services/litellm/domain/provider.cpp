#include "services/litellm/domain/provider.hpp"

#include "core/base/text.hpp"

namespace seance::litellm {

const std::vector<Provider>& providers() {
    static const std::vector<Provider> table = {
        {"openai",
         "https://api.openai.com/v1",
         {"OPENAI_API_KEY"},
         {"OPENAI_BASE_URL", "OPENAI_API_BASE"},
         WireKind::OpenAi,
         true,
         "OpenAI"},
        {"openrouter",
         "https://openrouter.ai/api/v1",
         {"OPENROUTER_API_KEY", "OR_API_KEY"},
         {"OPENROUTER_API_BASE"},
         WireKind::OpenAi,
         true,
         "Openrouter"},
        {"anthropic",
         "https://api.anthropic.com",
         {"ANTHROPIC_API_KEY"},
         {"ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"},
         WireKind::Anthropic,
         true,
         "Anthropic"},
        {"gemini",
         "https://generativelanguage.googleapis.com",
         {"GEMINI_API_KEY", "GOOGLE_API_KEY"},
         {"GEMINI_API_BASE"},
         WireKind::Gemini,
         true,
         "Gemini"},
        {"azure", "", {"AZURE_API_KEY"}, {"AZURE_API_BASE"}, WireKind::AzureOpenAi, true, "Azure"},
        {"azure_ai", "", {"AZURE_AI_API_KEY"}, {"AZURE_AI_API_BASE"}, WireKind::OpenAi, true, "AzureAI"},
        {"deepinfra",
         "https://api.deepinfra.com/v1/openai",
         {"DEEPINFRA_API_KEY"},
         {"DEEPINFRA_API_BASE"},
         WireKind::OpenAi,
         true,
         "Deepinfra"},
        {"groq",
         "https://api.groq.com/openai/v1",
         {"GROQ_API_KEY"},
         {"GROQ_API_BASE"},
         WireKind::OpenAi,
         true,
         "Groq"},
        {"mistral",
         "https://api.mistral.ai/v1",
         {"MISTRAL_API_KEY"},
         {"MISTRAL_API_BASE"},
         WireKind::OpenAi,
         true,
         "Mistral"},
        {"together_ai",
         "https://api.together.xyz/v1",
         {"TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN"},
         {"TOGETHER_AI_API_BASE"},
         WireKind::OpenAi,
         true,
         "Together_ai"},
        {"fireworks_ai",
         "https://api.fireworks.ai/inference/v1",
         {"FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"},
         {"FIREWORKS_API_BASE"},
         WireKind::OpenAi,
         true,
         "Fireworks_ai"},
        {"deepseek",
         "https://api.deepseek.com/beta",
         {"DEEPSEEK_API_KEY"},
         {"DEEPSEEK_API_BASE"},
         WireKind::OpenAi,
         true,
         "Deepseek"},
        {"xai", "https://api.x.ai/v1", {"XAI_API_KEY"}, {"XAI_API_BASE"}, WireKind::OpenAi, true, "Xai"},
        {"perplexity",
         "https://api.perplexity.ai",
         {"PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"},
         {"PERPLEXITY_API_BASE"},
         WireKind::OpenAi,
         true,
         "Perplexity"},
        {"cerebras",
         "https://api.cerebras.ai/v1",
         {"CEREBRAS_API_KEY"},
         {"CEREBRAS_API_BASE"},
         WireKind::OpenAi,
         true,
         "Cerebras"},
        {"nvidia_nim",
         "https://integrate.api.nvidia.com/v1",
         {"NVIDIA_NIM_API_KEY"},
         {"NVIDIA_NIM_API_BASE"},
         WireKind::OpenAi,
         true,
         "Nvidia_nim"},
        {"sambanova",
         "https://api.sambanova.ai/v1",
         {"SAMBANOVA_API_KEY"},
         {"SAMBANOVA_API_BASE"},
         WireKind::OpenAi,
         true,
         "Sambanova"},
        {"meta_llama",
         "https://api.llama.com/compat/v1",
         {"LLAMA_API_KEY"},
         {"LLAMA_API_BASE"},
         WireKind::OpenAi,
         true,
         "Meta_llama"},
        {"volcengine",
         "https://ark.cn-beijing.volces.com/api/v3",
         {"VOLCENGINE_API_KEY"},
         {"VOLCENGINE_API_BASE"},
         WireKind::OpenAi,
         true,
         "Volcengine"},
        {"codestral",
         "https://codestral.mistral.ai/v1",
         {"CODESTRAL_API_KEY"},
         {"CODESTRAL_API_BASE"},
         WireKind::OpenAi,
         true,
         "Codestral"},
        {"friendliai",
         "https://api.friendli.ai/serverless/v1",
         {"FRIENDLIAI_API_KEY", "FRIENDLI_TOKEN"},
         {"FRIENDLI_API_BASE"},
         WireKind::OpenAi,
         true,
         "Friendliai"},
        {"github",
         "https://models.inference.ai.azure.com",
         {"GITHUB_API_KEY"},
         {"GITHUB_API_BASE"},
         WireKind::OpenAi,
         true,
         "Github"},
        {"anyscale",
         "https://api.endpoints.anyscale.com/v1",
         {"ANYSCALE_API_KEY"},
         {"ANYSCALE_API_BASE"},
         WireKind::OpenAi,
         true,
         "Anyscale"},
        {"empower",
         "https://app.empower.dev/api/v1",
         {"EMPOWER_API_KEY"},
         {"EMPOWER_API_BASE"},
         WireKind::OpenAi,
         true,
         "Empower"},
        {"galadriel",
         "https://api.galadriel.com/v1",
         {"GALADRIEL_API_KEY"},
         {"GALADRIEL_API_BASE"},
         WireKind::OpenAi,
         true,
         "Galadriel"},
        {"ai21",
         "https://api.ai21.com/studio/v1",
         {"AI21_API_KEY"},
         {"AI21_API_BASE"},
         WireKind::OpenAi,
         true,
         "Ai21"},
        {"hosted_vllm",
         "",
         {"HOSTED_VLLM_API_KEY"},
         {"HOSTED_VLLM_API_BASE"},
         WireKind::OpenAi,
         false,
         "Hosted_vllm"},
        {"lm_studio",
         "",
         {"LM_STUDIO_API_KEY"},
         {"LM_STUDIO_API_BASE"},
         WireKind::OpenAi,
         false,
         "Lm_studio"},
        {"llamafile",
         "http://127.0.0.1:8080/v1",
         {"LLAMAFILE_API_KEY"},
         {"LLAMAFILE_API_BASE"},
         WireKind::OpenAi,
         false,
         "Llamafile"},
        {"litellm_proxy",
         "",
         {"LITELLM_PROXY_API_KEY"},
         {"LITELLM_PROXY_API_BASE"},
         WireKind::OpenAi,
         false,
         "Litellm_proxy"},
        {"moonshot",
         "https://api.moonshot.ai/v1",
         {"MOONSHOT_API_KEY"},
         {"MOONSHOT_API_BASE"},
         WireKind::OpenAi,
         true,
         "Moonshot"},
        {"minimax",
         "https://api.minimax.io/v1",
         {"MINIMAX_API_KEY"},
         {"MINIMAX_API_BASE"},
         WireKind::OpenAi,
         true,
         "Minimax"},
        {"zai",
         "https://api.z.ai/api/paas/v4",
         {"ZAI_API_KEY"},
         {"ZAI_API_BASE"},
         WireKind::OpenAi,
         true,
         "Zai"},
        {"dashscope",
         "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
         {"DASHSCOPE_API_KEY"},
         {"DASHSCOPE_API_BASE"},
         WireKind::OpenAi,
         true,
         "Dashscope"},
        {"nebius",
         "https://api.studio.nebius.ai/v1",
         {"NEBIUS_API_KEY"},
         {"NEBIUS_API_BASE"},
         WireKind::OpenAi,
         true,
         "Nebius"},
        {"novita",
         "https://api.novita.ai/v3/openai",
         {"NOVITA_API_KEY"},
         {"NOVITA_API_BASE"},
         WireKind::OpenAi,
         true,
         "Novita"},
        {"hyperbolic",
         "https://api.hyperbolic.xyz/v1",
         {"HYPERBOLIC_API_KEY"},
         {"HYPERBOLIC_API_BASE"},
         WireKind::OpenAi,
         true,
         "Hyperbolic"},
        {"featherless_ai",
         "https://api.featherless.ai/v1",
         {"FEATHERLESS_AI_API_KEY"},
         {"FEATHERLESS_AI_API_BASE"},
         WireKind::OpenAi,
         true,
         "Featherless_ai"},
        {"vercel_ai_gateway",
         "https://ai-gateway.vercel.sh/v1",
         {"VERCEL_AI_GATEWAY_API_KEY"},
         {"VERCEL_AI_GATEWAY_API_BASE"},
         WireKind::OpenAi,
         true,
         "Vercel_ai_gateway"},
        {"ollama", "http://localhost:11434", {}, {"OLLAMA_API_BASE"}, WireKind::Ollama, false, "Ollama"},
        {"ollama_chat",
         "http://localhost:11434",
         {},
         {"OLLAMA_API_BASE"},
         WireKind::Ollama,
         false,
         "Ollama_chat"},
        {"bedrock", "", {"AWS_BEARER_TOKEN_BEDROCK"}, {}, WireKind::Bedrock, false, "Bedrock"},
        {"vertex_ai", "", {}, {}, WireKind::Vertex, false, "Vertex_ai"},
        {"cohere",
         "https://api.cohere.com",
         {"COHERE_API_KEY", "CO_API_KEY"},
         {"COHERE_API_BASE"},
         WireKind::Cohere,
         true,
         "Cohere"},
        {"cohere_chat",
         "https://api.cohere.com",
         {"COHERE_API_KEY", "CO_API_KEY"},
         {"COHERE_API_BASE"},
         WireKind::Cohere,
         true,
         "Cohere"},
        {"text-completion-openai",
         "https://api.openai.com/v1",
         {"OPENAI_API_KEY"},
         {"OPENAI_BASE_URL", "OPENAI_API_BASE"},
         WireKind::TextCompletion,
         true,
         "OpenAI"},
        {"custom_openai", "", {}, {}, WireKind::OpenAi, false, "Custom_openai"},
    };
    return table;
}

const Provider* find_provider(std::string_view prefix) {
    for (auto& provider : providers())
        if (provider.prefix == prefix) return &provider;
    return nullptr;
}

std::string first_set(const std::vector<std::string_view>& names, const config::Sources& environment) {
    for (auto name : names) {
        auto found = environment.find(std::string(name));
        if (found == environment.end()) continue;
        if (auto value = trim(found->second); !value.empty()) return std::string(value);
    }
    return "";
}

const Provider* infer_provider(std::string_view model, const config::Sources& environment) {
    for (std::string_view family :
         {"gpt-", "o1", "o3", "o4", "chatgpt-", "ft:gpt-", "text-embedding-", "dall-e-", "whisper-", "tts-"})
        if (model.starts_with(family)) return find_provider("openai");
    if (model.starts_with("claude-")) return find_provider("anthropic");
    if (model.starts_with("gemini-")) {
        auto gemini = find_provider("gemini");
        return first_set(gemini->key_env, environment).empty() ? find_provider("vertex_ai") : gemini;
    }
    return model == "*" ? find_provider("openai") : nullptr;
}

ProviderChoice choose_provider(std::string_view model, std::string_view forced, std::string_view api_base,
                               const config::Sources& environment) {
    if (!forced.empty()) return {find_provider(forced), std::string(model)};
    if (auto slash = model.find('/'); slash != std::string_view::npos) {
        if (auto provider = find_provider(model.substr(0, slash))) {
            // OpenRouter's own router is named "openrouter/auto" there as well.
            bool whole = provider->prefix == "openrouter" && model == "openrouter/auto";
            return {provider, std::string(whole ? model : model.substr(slash + 1))};
        }
    }
    if (!api_base.empty()) {
        for (auto& provider : providers()) {
            auto host = provider.base.substr(std::min(provider.base.size(), provider.base.find("//") + 2));
            host = host.substr(0, host.find('/'));
            if (!host.empty() && !host.starts_with("localhost") && !host.starts_with("127.") &&
                api_base.find(host) != std::string_view::npos)
                return {&provider, std::string(model)};
        }
    }
    return {infer_provider(model, environment), std::string(model)};
}

bool speaks_openai(const Provider& provider) {
    return provider.wire == WireKind::OpenAi || provider.wire == WireKind::AzureOpenAi;
}

bool knows_stream_options(const Provider& provider) {
    for (std::string_view refuses : {"mistral", "codestral", "ai21", "perplexity"})
        if (provider.prefix == refuses) return false;
    return true;
}

bool knows_metadata(const Provider& provider) {
    return provider.prefix == "openai" || provider.prefix == "azure";
}

}  // namespace seance::litellm
