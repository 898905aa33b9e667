#include "services/backend/app.hpp"

namespace seance::backend {

Awaitable<http::Response> answer_billing(Context& context, http::Exchange& exchange) {
    const auto& settings = context.settings;
    const char* reason = "billing is not part of this release";
    if (settings.stripe_secret_key.empty())
        reason = "STRIPE_SECRET_KEY is not set on this server";
    else if (settings.stripe_webhook_secret.empty())
        reason = "STRIPE_WEBHOOK_SECRET is not set on this server";
    if (exchange.head().framing != http::Framing::None) exchange.close_after();  // the body is not wanted
    co_return http::json_response(
        503, std::string(R"({"error":"Billing is not available","message":")") + reason + "\"}");
}

}  // namespace seance::backend
