#include "services/litellm/domain/price_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "services/litellm/domain/entity.hpp"
#include "services/litellm/domain/json_edit.hpp"
#include "services/litellm/domain/json_print.hpp"

namespace seance::litellm {

std::string_view built_in_prices();  // generated from prices/prices.json

namespace {

namespace json = boost::json;

std::optional<PicoUsd> rate(const json::object& entry, std::string_view name) {
    auto usd = number_of(entry, name);
    return usd && *usd >= 0 ? to_picos(*usd) : std::nullopt;
}

std::uint64_t count(const json::object& entry, std::string_view name) {
    auto number = integer_of(entry, name);
    return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

bool is_price(std::string_view name) {
    return name.find("cost") != std::string_view::npos || name.starts_with("max_");
}

// One of these makes it a price.
constexpr std::string_view kPrices[] = {"input_cost_per_token",       "output_cost_per_token",
                                        "input_cost_per_second",      "output_cost_per_second",
                                        "input_cost_per_audio_token", "output_cost_per_image"};

// Wide enough for every product of tokens and rates.
__extension__ using Wide = __int128;

// USD of whole tokens as nano-USD. No overflow: rates are below a dollar per token, tokens below 2^53.
Wide times(std::uint64_t tokens, PicoUsd each) {
    return static_cast<Wide>(tokens) * each;
}

}  // namespace

bool Price::free() const {
    return input == 0 && output == 0 && !per_second && !reasoning.value_or(0) && !cache_write.value_or(0) &&
           !audio.value_or(0) && !audio_out.value_or(0) && !per_image.value_or(0);
}

NanoUsd cost_of(const Price& price, const Usage& usage, Duration took) {
    if (usage.cost && *usage.cost >= 0)
        if (auto told = to_nanos(*usage.cost)) return *told;
    bool tiered = price.tier.above > 0 && usage.prompt > price.tier.above;
    auto pick = [&](const std::optional<PicoUsd>& above, PicoUsd plain) {
        return tiered && above ? *above : plain;
    };
    auto input = pick(price.tier.input, price.input), output = pick(price.tier.output, price.output);
    auto read = pick(price.tier.cache_read, price.cache_read.value_or(input));
    auto write = pick(price.tier.cache_write, price.cache_write.value_or(input));
    auto cached = std::min(usage.cached, usage.prompt);
    auto created = std::min(usage.cache_creation, usage.prompt - cached);
    auto heard = std::min(usage.audio, usage.prompt - cached - created);
    auto reasoning = std::min(usage.reasoning, usage.completion);
    auto spoken = std::min(usage.audio_out, usage.completion - reasoning);
    auto picos =
        times(usage.prompt - cached - created - heard, input) + times(cached, read) + times(created, write) +
        times(heard, price.audio.value_or(input)) + times(usage.completion - reasoning - spoken, output) +
        times(reasoning, price.reasoning.value_or(output)) + times(spoken, price.audio_out.value_or(output));
    if (price.per_image && output == 0) picos += times(usage.images, *price.per_image);
    if (price.per_second)
        picos +=
            times(static_cast<std::uint64_t>(took / std::chrono::milliseconds(1)), *price.per_second) / 1000;
    auto nanos = (picos + kPicosPerNano / 2) / kPicosPerNano;
    constexpr auto kMost = static_cast<Wide>(kMostUsd) * kNanosPerUsd;
    return static_cast<NanoUsd>(std::min(nanos, kMost));
}

Price read_price(const json::object& entry) {
    Price price;
    price.input = rate(entry, "input_cost_per_token").value_or(0);
    price.output = rate(entry, "output_cost_per_token").value_or(0);
    price.cache_read = rate(entry, "cache_read_input_token_cost");
    price.cache_write = rate(entry, "cache_creation_input_token_cost");
    price.reasoning = rate(entry, "output_cost_per_reasoning_token");
    price.audio = rate(entry, "input_cost_per_audio_token");
    price.audio_out = rate(entry, "output_cost_per_audio_token");
    price.per_image = rate(entry, "output_cost_per_image");
    auto each_second = rate(entry, "input_cost_per_second"),
         out_second = rate(entry, "output_cost_per_second");
    if (each_second || out_second) price.per_second = each_second.value_or(0) + out_second.value_or(0);
    for (unsigned thousands : {128u, 200u}) {
        auto name = [thousands](std::string_view stem) {
            return fmt::format("{}_above_{}k_tokens", stem, thousands);
        };
        Price::Tier tier{thousands * 1000, rate(entry, name("input_cost_per_token")),
                         rate(entry, name("output_cost_per_token")),
                         rate(entry, name("cache_read_input_token_cost")),
                         rate(entry, name("cache_creation_input_token_cost"))};
        if (tier.input || tier.output) price.tier = tier;
    }
    price.max_input = count(entry, "max_input_tokens");
    price.max_output = count(entry, "max_output_tokens");
    if (price.max_output == 0) price.max_output = count(entry, "max_tokens");
    return price;
}

const PriceTable& PriceTable::built_in() {
    static const PriceTable table = parse(built_in_prices(), "the built-in prices").value();
    return table;
}

Outcome<PriceTable> PriceTable::parse(std::string_view text, std::string_view name) {
    boost::system::error_code wrong;
    auto value = json::parse({text.data(), text.size()}, wrong);
    if (wrong || !value.is_object())
        return Problem{fmt::format("{} is not a JSON object of models and their prices{}", name,
                                   wrong ? ": " + wrong.message() : "")};
    PriceTable table;
    for (auto& [model, entry] : value.get_object())
        if (entry.is_object() && model != "sample_spec")
            table.entries_.emplace(std::string(model), entry.get_object());
    return table;
}

const json::object* PriceTable::entry(std::string_view provider, std::string_view model) const {
    if (!provider.empty()) {
        auto found = entries_.find(fmt::format("{}/{}", provider, model));
        if (found != entries_.end()) return &found->second;
    }
    auto found = entries_.find(model);
    if (found != entries_.end()) return &found->second;
    // "gpt-4o-2024-08-06" and "claude-x@20250101" are priced as their family, when only that is listed.
    for (std::size_t cut : {11u, 9u}) {
        if (model.size() <= cut) continue;
        auto tail = model.substr(model.size() - cut);
        if ((tail[0] != '-' && tail[0] != '@') ||
            tail.find_first_not_of("0123456789-@") != std::string_view::npos)
            continue;
        if (auto family = entry(provider, model.substr(0, model.size() - cut))) return family;
    }
    return nullptr;
}

PriceBook::PriceBook(const Config& config, std::shared_ptr<const PriceTable> replaced)
    : replaced_(std::move(replaced)) {
    for (auto& deployment : config.deployments) {
        Own own;
        for (auto* text : {&deployment->info_json, &deployment->params_json}) {
            boost::system::error_code wrong;
            auto value = json::parse(*text, wrong);
            if (wrong || !value.is_object()) continue;
            auto& map = value.get_object();
            for (auto& [name, member] : map)
                if (is_price(name) && name != "max_tokens" && !member.is_null() && name != "max_retries" &&
                    name != "max_parallel_requests" && name != "max_budget")
                    own.prices[name] = member;
            if (auto base = text_of(map, "base_model")) own.base_model = *base;
        }
        if (!own.prices.empty() || !own.base_model.empty()) own_.emplace(deployment.get(), std::move(own));
    }
}

std::optional<Price> PriceBook::find(std::string_view provider, std::string_view model) const {
    auto entry = table().entry(provider, model);
    return entry ? std::optional(read_price(*entry)) : std::nullopt;
}

std::optional<Price> PriceBook::find(const Deployment& deployment, std::string_view provider,
                                     std::string_view model) const {
    constexpr std::size_t kMostKept = 4096;  // wildcards may be asked for any name
    auto key = deployment.id;
    key += '\n';
    key += model;
    auto known = found_.find(key);
    if (known != found_.end()) return known->second;
    if (found_.size() >= kMostKept) found_.clear();
    return found_.emplace(std::move(key), look_up(deployment, provider, model)).first->second;
}

std::optional<Price> PriceBook::look_up(const Deployment& deployment, std::string_view provider,
                                        std::string_view model) const {
    auto own = own_.find(&deployment);
    if (own == own_.end()) return find(provider, model);
    auto base = own->second.base_model.empty() ? nullptr : table().entry(provider, own->second.base_model);
    if (!base) base = table().entry(provider, model);
    if (own->second.prices.empty()) return base ? std::optional(read_price(*base)) : std::nullopt;
    auto merged = base ? *base : json::object{};
    for (auto& [name, value] : own->second.prices) merged[name] = value;
    bool priced =
        std::any_of(std::begin(kPrices), std::end(kPrices), [&](auto name) { return merged.contains(name); });
    if (!base && !priced) return std::nullopt;
    return read_price(merged);
}

json::object PriceBook::entry(const Deployment& deployment) const {
    auto choice =
        choose_provider(deployment.litellm_model, deployment.forced_provider, deployment.api_base, {});
    auto provider = choice.provider ? std::string_view(choice.provider->prefix) : std::string_view{};
    json::object merged;
    auto own = own_.find(&deployment);
    auto base = own != own_.end() && !own->second.base_model.empty()
                    ? table().entry(provider, own->second.base_model)
                    : nullptr;
    if (!base) base = table().entry(provider, choice.model);
    if (base) merged = *base;
    if (own != own_.end())
        for (auto& [name, value] : own->second.prices) merged[name] = value;
    return merged;
}

std::string PriceBook::info(const Deployment& deployment) const {
    auto root = parse_json(deployment.info_json);
    if (!root) return deployment.info_json;
    JsonEdit edit(*root);
    for (auto& [name, value] : entry(deployment)) edit.fill(name, print_json(value));
    return edit.text();
}

}  // namespace seance::litellm
