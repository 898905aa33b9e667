#include "services/litellm/domain/longest_answer.hpp"

#include "services/litellm/domain/json_build.hpp"
#include "services/litellm/domain/price_table.hpp"

namespace seance::litellm {

std::uint64_t longest_answer(const Deployment& deployment, const Endpoint& endpoint, const Config& config) {
    constexpr std::uint64_t kUnknown = 4096;
    if (deployment.wire.max_output_tokens) return *deployment.wire.max_output_tokens;
    auto& table = config.ledger_prices ? *config.ledger_prices : PriceTable::built_in();
    auto base = JsonFields(parse_json(deployment.info_json)).text("base_model");
    auto entry = base.empty() ? nullptr : table.entry(endpoint.provider->prefix, base);
    if (!entry) entry = table.entry(endpoint.provider->prefix, endpoint.model);
    auto most = entry ? read_price(*entry).max_output : 0;
    return most > 0 ? most : kUnknown;
}

}  // namespace seance::litellm
