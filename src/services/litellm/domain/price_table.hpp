#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/text_map.hpp"
#include "services/litellm/config/config.hpp"
#include "services/litellm/domain/chat_answer.hpp"
#include "services/litellm/domain/money.hpp"

namespace seance::litellm {

// What one model charges, per token unless named otherwise. Nothing set: as the plain rate.
struct Price {
    PicoUsd input = 0, output = 0;
    std::optional<PicoUsd> cache_read, cache_write, reasoning;
    std::optional<PicoUsd> audio, audio_out;  // tokens of sound, heard and made
    std::optional<PicoUsd> per_second;        // of the call
    std::optional<PicoUsd> per_image;         // made, where its tokens have no price
    // Rates of calls whose prompt is longer than `above` tokens; 0: none.
    struct Tier {
        std::uint64_t above = 0;
        std::optional<PicoUsd> input, output, cache_read, cache_write;
    };
    Tier tier;
    std::uint64_t max_input = 0, max_output = 0;  // tokens; 0: unknown

    bool free() const;
};

// Rounded to the nearest billionth of a dollar, once. Provider-reported cost wins.
NanoUsd cost_of(const Price& price, const Usage& usage, Duration took = Duration{0});

// Reads one entry in the form of the community file model_prices_and_context_window.json.
Price read_price(const boost::json::object& entry);

// Prices by "<provider>/<model>" or "<model>".
class PriceTable {
  public:
    // The prices compiled into this program.
    static const PriceTable& built_in();
    // A file in the community's form; entries that are no objects are passed over.
    static Outcome<PriceTable> parse(std::string_view text, std::string_view name);

    const boost::json::object* entry(std::string_view provider, std::string_view model) const;
    std::size_t size() const { return entries_.size(); }

  private:
    TextMap<boost::json::object> entries_;
};

// Prices of a configuration: what a deployment says itself, then its base_model, then the table (reference,
// section 17.1).
class PriceBook {
  public:
    PriceBook(const Config& config, std::shared_ptr<const PriceTable> replaced);

    // Nothing: unknown, so calls cost 0. `model` as the upstream calls it.
    std::optional<Price> find(const Deployment& deployment, std::string_view provider,
                              std::string_view model) const;
    std::optional<Price> find(std::string_view provider, std::string_view model) const;
    // The entry as people see it: table, then the deployment's own.
    boost::json::object entry(const Deployment& deployment) const;
    // Its model_info with that entry beside it, as JSON; what the configuration says wins.
    std::string info(const Deployment& deployment) const;

  private:
    struct Own {
        boost::json::object prices;
        std::string base_model;
    };
    const PriceTable& table() const { return replaced_ ? *replaced_ : PriceTable::built_in(); }
    std::optional<Price> look_up(const Deployment& deployment, std::string_view provider,
                                 std::string_view model) const;
    std::unordered_map<const Deployment*, Own> own_;
    // What was found before; each loop has a book of its own.
    mutable std::unordered_map<std::string, std::optional<Price>> found_;
    std::shared_ptr<const PriceTable> replaced_;
};

}  // namespace seance::litellm
