#include "services/signaling/sync/awareness.hpp"

#include "services/signaling/json_scanner.hpp"
#include "services/signaling/sync/lib0.hpp"

namespace seance::signaling::sync {
namespace {

constexpr std::string_view kNull = "null";

bool is_json(std::string_view text) {
    JsonScanner scanner(text);
    return scanner.value() && scanner.at_end();
}

}  // namespace

std::optional<std::vector<Shown>> parse_awareness(std::string_view text) {
    Lib0Reader in(text);
    std::vector<Shown> all;
    for (auto n = in.number(); n > 0 && in.ok(); --n) {
        Shown one;
        one.client = in.number();
        one.clock = in.number();
        one.state = in.text();
        if (in.ok() && !is_json(one.state)) in.fail();
        if (in.ok()) all.push_back(one);
    }
    if (!in.finished()) return std::nullopt;
    return all;
}

std::string print_awareness(const std::vector<Shown>& shown) {
    std::string out;
    append_number(out, shown.size());
    for (const auto& one : shown) {
        append_number(out, one.client);
        append_number(out, one.clock);
        append_bytes(out, one.state);
    }
    return out;
}

Awareness::Outcome Awareness::show(Owner owner, const std::vector<Shown>& shown, Instant now) {
    std::vector<Shown> news, stale;
    for (const auto& one : shown) {
        auto [at, unknown] = clients_.try_emplace(one.client);
        auto& client = at->second;
        bool gone = client.state == kNull;
        bool newer =
            unknown || one.clock > client.clock || (one.clock == client.clock && one.left() && !gone);
        if (!newer) {
            if (gone && !one.left()) stale.push_back(client.shown(one.client));
            continue;
        }
        if (unknown && one.left()) {
            clients_.erase(at);
            continue;
        }
        bytes_ += one.state.size() - client.state.size();
        client = {one.clock, std::string(one.state), owner, now};
        news.push_back(one);
    }
    Outcome outcome;
    if (!news.empty()) outcome.news = print_awareness(news);
    if (!stale.empty()) outcome.stale = print_awareness(stale);
    return outcome;
}

std::size_t Awareness::growth(const std::vector<Shown>& shown) const {
    std::size_t more = 0;
    for (const auto& one : shown) {
        auto known = clients_.find(one.client);
        if (known == clients_.end())
            more += kPerClient + one.state.size();
        else if (one.state.size() > known->second.state.size())
            more += one.state.size() - known->second.state.size();
    }
    return more;
}

std::string Awareness::leave(Owner owner) {
    std::vector<Shown> gone;
    for (auto& [id, client] : clients_) {
        if (client.owner != owner || client.state == kNull) continue;
        bytes_ += kNull.size() - client.state.size();
        client.state = kNull;
        gone.push_back(client.shown(id));
    }
    return gone.empty() ? std::string{} : print_awareness(gone);
}

void Awareness::forget_silent(Instant now) {
    std::erase_if(clients_, [&](const auto& entry) {
        if (now - entry.second.heard < kForgetAfter) return false;
        bytes_ -= entry.second.state.size();
        return true;
    });
}

std::string Awareness::all() const {
    std::vector<Shown> here;
    for (const auto& [id, client] : clients_)
        if (client.state != kNull) here.push_back(client.shown(id));
    return here.empty() ? std::string{} : print_awareness(here);
}

std::string Awareness::all_of_connections() const {
    std::vector<Shown> here;
    for (const auto& [id, client] : clients_)
        if (client.state != kNull && client.owner != kElsewhere) here.push_back(client.shown(id));
    return here.empty() ? std::string{} : print_awareness(here);
}

}  // namespace seance::signaling::sync
