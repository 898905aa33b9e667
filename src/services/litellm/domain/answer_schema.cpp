#include "services/litellm/domain/answer_schema.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "services/litellm/domain/json_schema.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kMostDepth = 256, kMostShown = 4096;

std::optional<JsonValue> wanted_schema(const JsonValue& request, bool always) {
    // Most requests ask for nothing of the kind, and bodies are large.
    if (!always && request.text.find("_validation\"") == std::string_view::npos) return std::nullopt;
    auto format = json_find(request, "response_format");
    if (!format || !format->is(JsonKind::Object)) return std::nullopt;
    if (json_text(json_find(*format, "type")) == "json_object" &&
        json_is_true(json_find(*format, "enforce_validation")))
        if (auto schema = json_find(*format, "response_schema"); schema && schema->is(JsonKind::Object))
            return schema;
    auto own = json_find(request, "enable_json_schema_validation");
    bool wanted = own && !own->is(JsonKind::Null) ? json_is_true(own) : always;
    return wanted ? json_find(*format, {"json_schema", "schema"}) : std::nullopt;
}

std::optional<std::string> content_of(std::string_view completion) {
    auto root = parse_json(completion);
    auto choices = root ? json_find(*root, "choices") : std::nullopt;
    if (!choices || !choices->is(JsonKind::Array)) return std::nullopt;
    auto list = json_elements(*choices);
    if (list.empty() || !list.front().is(JsonKind::Object)) return std::nullopt;
    return json_text(json_find(list.front(), {"message", "content"}));
}

std::optional<boost::json::value> read(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = kMostDepth;
    boost::system::error_code wrong;
    auto value = boost::json::parse(text, wrong, {}, options);
    return wrong ? std::nullopt : std::optional(std::move(value));
}

}  // namespace

std::optional<ApiError> schema_error(const JsonValue& request, std::string_view completion, bool always) {
    auto wanted = wanted_schema(request, always);
    auto content = wanted ? content_of(completion) : std::nullopt;
    if (!content) return std::nullopt;
    auto schema = read(wanted->text), value = read(*content);
    std::string problem = "it is no JSON";
    if (schema && value) {
        auto found = schema_problem(*schema, *value);
        if (!found) return std::nullopt;
        problem = *found;
    } else if (!schema) {
        problem = "the schema nests too deeply to be checked";
    }
    return ApiError{
        .status = 500,
        .message = fmt::format(
            "litellm.JSONSchemaValidationError: the model returned an invalid response={}, for schema={}: {}",
            content->substr(0, kMostShown), wanted->text.substr(0, kMostShown), problem),
        .type = "internal_server_error",
        .kind = ErrorClass::InternalServer,
        .retryable = true};
}

}  // namespace seance::litellm
