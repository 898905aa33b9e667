#include <fmt/format.h>

#include "services/litellm/domain/unoffered.hpp"
#include "services/litellm/handlers/handlers.hpp"

namespace seance::litellm {

// 404 and not 501: clients try again after 5xx, and nothing changes by that.
Awaitable<void> refuse_unoffered(Gateway&, http::Exchange& exchange, std::string path) {
    ApiError error{
        .status = 404, .message = why_unoffered(path).value_or("Not Found"), .type = "invalid_request_error"};
    reply_error(exchange, error);
    co_return;
}

}  // namespace seance::litellm
