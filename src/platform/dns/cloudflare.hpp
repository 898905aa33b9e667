#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/runtime/loop.hpp"
#include "platform/dns/record.hpp"
#include "platform/remote/retry.hpp"

namespace seance::dns {

using remote::Failure;
using remote::FailureKind;
template <class T>
using Reply = remote::Reply<T>;

struct CloudflareOptions {
    std::string base = "https://api.cloudflare.com/client/v4";  // SEANCE_CLOUDFLARE_URL
    std::string ca_file;                                        // "" = the system's certificates
    Duration timeout = std::chrono::seconds(30);                // of one try
    remote::RetryOptions retry;
};

struct TokenState {
    std::string id;
    std::string status;      // "active", "disabled", "expired"
    std::string expires_on;  // RFC 3339; "" = never
    bool active() const { return status == "active"; }
};

struct Zone {
    std::string id, name;
    std::string status;  // "active", "pending", …
    bool paused = false;
    std::string type;  // "full", "partial", …
    std::vector<std::string> name_servers;
    // Why writing records here would have no effect, as a sentence; "" if it would.
    std::string problem() const;
};

// Changes made together or not at all, executed in the order deletes, updates, creates.
struct Batch {
    std::vector<std::string> deletes;  // record ids
    std::vector<Record> updates;       // with ids; what a Record does not know (tags, settings) stays
    std::vector<Record> creates;
    std::size_t size() const { return deletes.size() + updates.size() + creates.size(); }
    bool empty() const { return size() == 0; }
};

// The zone's mode of TLS towards the origin. Railway needs Full.
enum class SslMode { Off, Flexible, Full, Strict, OriginPull, Unknown };
SslMode parse_ssl_mode(std::string_view text);
std::string_view spelling(SslMode mode);

struct SslSetting {
    SslMode mode = SslMode::Unknown;
    bool editable = false;
};

// Cloudflare's API v4 with one token, on one loop. Names given and got are complete.
class Cloudflare {
  public:
    // Throws std::invalid_argument if `base` is no URL, std::runtime_error if ca_file cannot be read.
    Cloudflare(Loop& loop, SecretText token, CloudflareOptions options = {});
    ~Cloudflare();

    Awaitable<Reply<TokenState>> verify_token();

    // The zone with the longest name that `host` ends with. NotFound if the token sees none; User if writing
    // there would have no effect (not active, paused).
    Awaitable<Reply<Zone>> find_zone(std::string host);

    // All pages. Those whose comment begins with this ("seance:production:").
    Awaitable<Reply<std::vector<Record>>> records_with_comment(std::string zone_id, std::string prefix);
    Awaitable<Reply<std::vector<Record>>> records_named(std::string zone_id, std::string name);

    // One transaction per kMostPerBatch changes: with more, earlier ones stay when a later one fails. An
    // Unreachable leaves open whether it happened: read the records again.
    Awaitable<Reply<void>> apply(std::string zone_id, Batch batch);
    static constexpr std::size_t kMostPerBatch = 200;

    Awaitable<Reply<SslSetting>> ssl_setting(std::string zone_id);
    Awaitable<Reply<void>> set_ssl_mode(std::string zone_id, SslMode mode);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace seance::dns
