#include "services/litellm/domain/end_user.hpp"

namespace seance::litellm {
namespace {

constexpr std::size_t kLongest = 256;  // bytes of an id in the body

}  // namespace

std::string end_user_of(const http::FieldViews& fields, const JsonValue& body) {
    for (auto name : {"x-litellm-end-user-id", "x-litellm-customer-id"})
        if (auto id = fields.find(name); id && !id->empty()) return std::string(*id);
    if (!body.is(JsonKind::Object)) return "";
    return json_text(json_find(body, "user")).value_or("").substr(0, kLongest);
}

}  // namespace seance::litellm
