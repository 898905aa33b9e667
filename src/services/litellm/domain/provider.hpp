#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/config/reader.hpp"

namespace seance::litellm {

// How an upstream is spoken to.
enum class WireKind {
    OpenAi,
    AzureOpenAi,
    TextCompletion,
    Anthropic,
    Gemini,
    Bedrock,
    Ollama,
    Vertex,
    Cohere
};

// One row of the provider table (reference, section 4.1).
struct Provider {
    std::string_view prefix;
    std::string_view base;                  // "" = the deployment must name one
    std::vector<std::string_view> key_env;  // the first that is set wins
    std::vector<std::string_view> base_env;
    WireKind wire = WireKind::OpenAi;
    bool needs_key = true;
    std::string_view error_name;  // as it stands in "<…>Exception"
};

const std::vector<Provider>& providers();
const Provider* find_provider(std::string_view prefix);

// What calls go through for a model as written in litellm_params.model.
struct ProviderChoice {
    const Provider* provider = nullptr;  // null: none could be told from the name
    std::string model;                   // what the upstream is asked for
};

// Section 4.1 and 4.2: forced provider, prefix, known host in `api_base`, known family of names.
ProviderChoice choose_provider(std::string_view model, std::string_view forced, std::string_view api_base,
                               const config::Sources& environment);

// Of a family of names only; null if unknown. `gemini-*` needs a Gemini key in the environment.
const Provider* infer_provider(std::string_view model, const config::Sources& environment);

// The first of the variables that is set, without white space around; "" if none is.
std::string first_set(const std::vector<std::string_view>& names, const config::Sources& environment);

bool speaks_openai(const Provider& provider);

// Whether a streamed call may ask for usage with stream_options; some refuse the parameter.
bool knows_stream_options(const Provider& provider);
// Whether `metadata` is a parameter of theirs, beside being one of the gateway's.
bool knows_metadata(const Provider& provider);

}  // namespace seance::litellm
