#pragma once
#include <string>

#include "net/http/message.hpp"
#include "services/litellm/domain/json_text.hpp"

namespace seance::litellm {

// Whom a call is made for, as its headers or its body say; "" if they do not.
std::string end_user_of(const http::FieldViews& fields, const JsonValue& body);

}  // namespace seance::litellm
