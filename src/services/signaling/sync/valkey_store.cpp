#include "services/signaling/sync/valkey_store.hpp"

#include <fmt/format.h>

#include "core/base/id.hpp"
#include "core/base/text.hpp"
#include "services/signaling/sync/keys.hpp"
#include "services/signaling/sync/lib0.hpp"
#include "store/valkey/router.hpp"

namespace seance::signaling::sync {
namespace {

using namespace std::chrono_literals;
using valkey::Reply;

// Entries of one answer: with updates as a person types them some hundred KB.
constexpr std::string_view kPage = "1000";

constexpr std::string_view kBeginning = "0-0";

// What has been compacted since we read is not undone: only who knows the present "upto" may replace it.
// KEYS: hash, stream. ARGV: the "upto" we know, ours, the data, the first entry to keep.
constexpr std::string_view kCompact = R"(
if (redis.call('HGET', KEYS[1], 'upto') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'upto', ARGV[2], 'data', ARGV[3])
redis.call('XTRIM', KEYS[2], 'MINID', '=', ARGV[4])
local ttl = redis.call('PTTL', KEYS[2])
if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1
)";

Problem problem_of(const Result<Reply>& reply) {
    return {reply ? fmt::format("Valkey refused it: {}", reply->text) : reply.error().message()};
}

bool failed(const Result<Reply>& reply) {
    return !reply || reply->failed();
}

std::string pack(const Updates& updates) {
    std::string out;
    for (const auto& update : updates) append_bytes(out, update);
    return out;
}

bool unpack(std::string_view data, Updates& into) {
    Lib0Reader in(data);
    while (in.ok() && in.left() > 0) {
        auto update = in.bytes();
        if (in.ok()) into.emplace_back(update);
    }
    return in.ok();
}

// The entry after "1526919030474-55": what an XTRIM of everything up to it keeps.
std::string after(const std::string& id) {
    auto dash = id.find('-');
    auto sequence =
        dash == std::string::npos ? std::nullopt : parse_number(std::string_view(id).substr(dash + 1));
    return fmt::format("{}-{}", id.substr(0, dash), sequence.value_or(0) + 1);
}

}  // namespace

struct ValkeyStore::Shared {
    Shared(Loop& loop, const valkey::Address& address, const valkey::ClientOptions& options, std::string p,
           Duration t)
        : router(std::in_place, loop, address, options), prefix(std::move(p)), ttl(std::to_string(t / 1ms)) {}

    std::optional<valkey::Router> router;
    std::string prefix;
    std::string ttl;                         // in milliseconds; "0": none
    const std::string writer = random_id();  // tells our entries from other replicas'
};

class ValkeyStore::Log final : public DocumentLog {
  public:
    Log(std::shared_ptr<Shared> shared, const std::string& room)
        : shared_(std::move(shared)),
          stream_(valkey_name(shared_->prefix, room, "log")),
          hash_(valkey_name(shared_->prefix, room, "doc")) {}

    // The stream first: what is compacted in between is then in both, not in neither.
    Awaitable<Outcome<Updates>> read() override {
        lost_ = false;
        auto kept = co_await ask("HGET", hash_, "epoch");
        if (failed(kept)) co_return problem_of(kept);
        connections_ = shared_->router->connections();
        if (!epoch_.empty() && kept->text != epoch_) {
            co_await close();
            lost_ = true;
        }
        epoch_ = kept->text;
        Updates updates;
        auto position = last_;
        std::size_t entries = 0, bytes = 0;
        while (true) {
            auto page = co_await next_page(position);
            if (failed(page)) co_return problem_of(page);
            for (const auto& entry : page->list) {
                if (entry.list.size() != 2) continue;
                position = entry.list[0].text;
                const auto& fields = entry.list[1].list;
                for (std::size_t i = 0; i + 1 < fields.size(); i += 2)
                    if (fields[i].text == "u") {
                        bytes += fields[i + 1].text.size();
                        updates.push_back(fields[i + 1].text);
                    }
                ++entries;
            }
            if (page->list.empty()) break;
        }
        auto upto = co_await ask("HGET", hash_, "upto");
        if (failed(upto)) co_return problem_of(upto);
        if (upto->text != base_) {
            auto whole = co_await ask("HMGET", hash_, "upto", "data");
            if (failed(whole) || whole->list.size() != 2) co_return problem_of(whole);
            if (!unpack(whole->list[1].text, updates))
                co_return Problem{fmt::format("what {} holds in Valkey is no document", hash_)};
            base_ = whole->list[0].text;
            bytes += whole->list[1].text.size();
            ++entries;
        }
        last_ = position;
        entries_ += entries;
        bytes_ += bytes;
        renew();
        co_return updates;
    }

    Awaitable<Outcome<void>> append(const Updates& updates) override {
        std::vector<std::string> command{"XADD", stream_, "*", "w", shared_->writer};
        std::size_t bytes = 0;
        for (const auto& update : updates) {
            command.emplace_back("u");
            command.push_back(update);
            bytes += update.size();
        }
        auto added = co_await shared_->router->command(hash_, std::move(command));
        if (failed(added)) co_return problem_of(added);
        if (epoch_.empty()) {
            auto epoch = random_id();
            shared_->router->post(hash_, {"HSETNX", hash_, "epoch", epoch});
            auto kept = co_await ask("HGET", hash_, "epoch");
            if (failed(kept)) co_return problem_of(kept);
            epoch_ = kept->text;
        }
        ++entries_;
        bytes_ += bytes;
        renew();
        co_return boost::system::in_place_value;
    }

    Awaitable<Outcome<bool>> compact(const Updates& whole) override {
        auto position = last_;
        while (true) {
            auto page = co_await next_page(position);
            if (failed(page)) co_return problem_of(page);
            for (const auto& entry : page->list) {
                if (!is_ours(entry)) co_return false;
                position = entry.list[0].text;
            }
            if (page->list.empty()) break;
        }
        auto data = pack(whole);
        auto keep = after(position);
        auto done = co_await ask("EVAL", kCompact, "2", hash_, stream_, base_, position, data, keep);
        if (failed(done)) co_return problem_of(done);
        if (done->integer == 0) co_return false;
        last_ = base_ = position;
        entries_ = whole.size();
        bytes_ = data.size();
        co_return true;
    }

    void renew() override {
        if (shared_->ttl == "0") return;
        shared_->router->post(hash_, {"PEXPIRE", stream_, shared_->ttl});
        shared_->router->post(hash_, {"PEXPIRE", hash_, shared_->ttl});
    }

    // A server that was away may have come back with nothing.
    bool outdated() const override { return shared_->router->connections() != connections_; }

    Awaitable<void> close() override {
        last_ = kBeginning;
        base_.clear();
        epoch_.clear();
        entries_ = bytes_ = 0;
        co_return;
    }

  private:
    // Both keys of a room are of one slot.
    template <class... Parts>
    Awaitable<Result<Reply>> ask(const Parts&... parts) {
        std::vector<std::string> arguments{std::string(parts)...};
        return shared_->router->command(hash_, std::move(arguments));
    }

    Awaitable<Result<Reply>> next_page(const std::string& position) {
        auto from = "(" + position;
        return ask("XRANGE", stream_, from, "+", "COUNT", kPage);
    }

    bool is_ours(const Reply& entry) const {
        if (entry.list.size() != 2) return false;
        const auto& fields = entry.list[1].list;
        return fields.size() >= 2 && fields[0].text == "w" && fields[1].text == shared_->writer;
    }

    std::shared_ptr<Shared> shared_;
    std::string stream_, hash_;
    std::string last_{kBeginning};   // entry that was read
    std::string epoch_;              // of the first entry: a server that has lost what it had begins another
    std::string base_;               // "upto" of the hash that was read
    std::uint64_t connections_ = 0;  // that had been made when it was read
};

ValkeyStore::ValkeyStore(Loop& loop, const valkey::Address& address, std::string prefix, Duration ttl,
                         std::size_t most_document) {
    valkey::ClientOptions options;
    options.command_timeout = 5s;  // a whole document may travel
    options.max_reply = std::max(options.max_reply, 2 * most_document);
    options.max_waiting_bytes = std::max(options.max_waiting_bytes, 2 * most_document);
    shared_ = std::make_shared<Shared>(loop, address, options, std::move(prefix), ttl);
}

ValkeyStore::~ValkeyStore() {
    shared_->router.reset();
}

std::unique_ptr<DocumentLog> ValkeyStore::open(const std::string& room) {
    return std::make_unique<Log>(shared_, room);
}

Awaitable<void> ValkeyStore::flush() {
    co_return;
}

Awaitable<void> ValkeyStore::sweep() {
    co_return;
}

}  // namespace seance::signaling::sync
