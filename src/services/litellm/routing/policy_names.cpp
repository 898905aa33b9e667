#include "services/litellm/routing/policy_names.hpp"

namespace seance::litellm {
namespace {

struct Stem {
    std::string_view name;
    std::vector<ErrorClass> classes;
};

const std::vector<Stem>& stems() {
    static const std::vector<Stem> all{
        {"BadRequestError",
         {ErrorClass::BadRequest, ErrorClass::UnsupportedParams, ErrorClass::ContextWindow,
          ErrorClass::Unprocessable}},
        {"AuthenticationError", {ErrorClass::Authentication}},
        {"TimeoutError", {ErrorClass::Timeout}},
        {"RateLimitError", {ErrorClass::RateLimit}},
        {"ContentPolicyViolationError", {ErrorClass::ContentPolicy}},
        {"InternalServerError",
         {ErrorClass::InternalServer, ErrorClass::BadGateway, ErrorClass::ServiceUnavailable,
          ErrorClass::Connection}},
    };
    return all;
}

}  // namespace

std::vector<std::string> policy_keys(std::string_view suffix) {
    std::vector<std::string> keys;
    for (auto& stem : stems()) keys.push_back(std::string(stem.name).append(suffix));
    return keys;
}

std::vector<ErrorClass> policy_classes(std::string_view key, std::string_view suffix) {
    if (!key.ends_with(suffix)) return {};
    key.remove_suffix(suffix.size());
    for (auto& stem : stems())
        if (stem.name == key) return stem.classes;
    return {};
}

}  // namespace seance::litellm
