#pragma once
#include <string>
#include <string_view>

#include "services/litellm/domain/chat_request.hpp"

namespace seance::litellm {

// One page of the items that a kept answer of /responses was asked with, newest first unless `query` says
// order=asc, with limit (1 to 100, 20) and after (the id of an item). `items`: as the client sent them, JSON
// without brackets; what they leave out is filled in, and ids are made of the answer's.
Answer<std::string> input_page(std::string_view items, std::string_view response_id, std::string_view query);

}  // namespace seance::litellm
