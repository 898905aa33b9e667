#include "cli/commands/checks.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/terminal/table.hpp"
#include "core/base/base64.hpp"
#include "core/base/count.hpp"
#include "core/base/elapsed.hpp"
#include "core/base/id.hpp"
#include "core/runtime/wait.hpp"
#include "net/websocket/client.hpp"
#include "platform/stack/references.hpp"

namespace seance::cli {

namespace {

namespace json = boost::json;
using Finding = Outcome<std::string>;  // what was seen, or what is wrong

Finding seen(std::string what) {
    return Finding{boost::system::in_place_value, std::move(what)};
}
Finding wrong(std::string what) {
    return Problem{std::move(what)};
}

// The settings of a check with references filled in.
class Settings {
  public:
    Settings(const std::map<std::string, std::string>& settings,
             const std::map<std::string, std::string>& values) {
        for (const auto& [key, text] : settings) {
            auto value = stack::expand(text, values);
            if (value)
                values_[key] = *value;
            else
                problem_ = value.error().what;
        }
    }
    std::string get(const std::string& key, std::string_view fallback = {}) const {
        auto found = values_.find(key);
        return found == values_.end() ? std::string(fallback) : found->second;
    }
    const std::string& problem() const { return problem_; }

  private:
    std::map<std::string, std::string> values_;
    std::string problem_;
};

// Sends a request for a public URL.
Awaitable<Result<http::WholeResponse>> ask(const Outside& outside, std::string method, std::string url,
                                           http::Fields fields, std::string body) {
    auto parsed = http::parse_url(url);
    if (!parsed) co_return parsed.error();
    http::Origin to = parsed->origin;
    // An address is not a name that the edge knows: it is gone to directly.
    boost::system::error_code no_address;
    asio::ip::make_address(to.host, no_address);
    if (!outside.edge_host.empty() && no_address) {
        to.port = outside.edge_port;
        // TLS is with the public name; the address is the edge's.
        if (to.tls)
            outside.client.set_resolver_override(to.host, {outside.edge_host});
        else
            to.host = outside.edge_host;
    }
    http::Request request;
    request.method = std::move(method);
    request.target = parsed->target;
    request.fields = std::move(fields);
    request.fields.set("Host", parsed->origin.authority());
    request.body = std::move(body);
    co_return co_await with_deadline(outside.limit, outside.client.send(to, request, 4 << 20));
}

std::string why(const error_code& error, Duration limit) {
    if (error == asio::error::timed_out) return "no answer in " + print_duration(limit);
    return error.message();
}

// Its beginning, cut between two characters and on one line.
std::string in_short(std::string_view body, std::size_t most = 120) {
    std::string out(body.substr(0, most));
    if (body.size() > most) {
        while (!out.empty() && (body[out.size()] & 0xC0) == 0x80) out.pop_back();
        out += "…";
    }
    for (auto& c : out)
        if (c == '\n' || c == '\r') c = ' ';
    return out;
}

Awaitable<Finding> check_health(const Outside& outside, std::string url, CheckResult& result) {
    http::Fields fields;
    auto answer = co_await ask(outside, "GET", std::move(url), std::move(fields), "");
    if (!answer) co_return wrong(why(answer.error(), outside.limit));
    result.commit = answer->fields.get("x-seance-commit");
    result.cloudflare = answer->fields.find("cf-ray").has_value();
    const auto what = fmt::format("{} {}", answer->status, http::reason_phrase(answer->status));
    co_return answer->status / 100 == 2 ? seen(what) : wrong(what);
}

// Where the backend says that its one file is for everybody; "" if it does not say.
std::string published_url(std::string_view answer) {
    boost::system::error_code error;
    const auto root = json::parse(answer, error);
    const auto* url = error ? nullptr : root.find_pointer("/files/0/url", error);
    return url && url->is_string() ? std::string(url->get_string()) : std::string{};
}

constexpr std::string_view kContent = "seance verify ";
// Somebody else may verify at the same time: publishing is one after the other (503), and theirs may come to
// the same place between our two requests. Both are over in a moment.
constexpr Duration kOthersTurn = std::chrono::milliseconds(900), kAskAgain = std::chrono::milliseconds(50);

// Publishes a few random bytes with the builder's key and fetches them back from where they are for
// everybody.
Awaitable<Finding> check_deploy(const Outside& outside, std::string base, Settings settings) {
    for (const auto until = Clock::now() + kOthersTurn;; co_await sleep_for(kAskAgain)) {
        const bool last = Clock::now() >= until;
        const auto content = fmt::format("{}{}\n", kContent, random_id());
        json::object file{{"path", settings.get("path", "releases/verify.txt")},
                          {"content", base64_encode(content)}};
        auto body = json::serialize(json::object{{"files", json::array{std::move(file)}}});
        http::Fields fields{{"Content-Type", "application/json"}};
        fields.set("X-Builder-Key", settings.get("key"));
        auto published = co_await ask(outside, "POST", base + "/deploy", std::move(fields), std::move(body));
        if (!published) co_return wrong("POST /deploy: " + why(published.error(), outside.limit));
        if (published->status == 503 && !last) continue;
        if (published->status != 200)
            co_return wrong(
                fmt::format("POST /deploy answered {}: {}", published->status, in_short(published->body)));
        auto url = settings.get("download");
        if (url.empty()) url = published_url(published->body);
        if (url.empty()) co_return wrong("POST /deploy named no URL: " + in_short(published->body));
        // A CDN keeps what it has sent once, by the whole URL: another query is another file to it.
        url += (url.find('?') == std::string::npos ? "?verify=" : "&verify=") + random_id();
        http::Fields none;
        auto fetched = co_await ask(outside, "GET", std::move(url), std::move(none), "");
        if (!fetched) co_return wrong("download: " + why(fetched.error(), outside.limit));
        if (fetched->status != 200)
            co_return wrong(fmt::format("published, but the download answered {}", fetched->status));
        if (fetched->body == content)
            co_return seen(fmt::format("published and downloaded {} bytes", content.size()));
        if (last || !fetched->body.starts_with(kContent))
            co_return wrong("published, but the download gave other bytes");
    }
}

using Socket = std::shared_ptr<websocket::WebSocket>;

Awaitable<Finding> exchange_message(Socket speaker, Socket listener) {
    const auto topic = "seance-verify-" + random_id();
    listener->send(websocket::Opcode::Text,
                   json::serialize(json::object{{"type", "subscribe"}, {"topics", json::array{topic}}}));
    // Its answer says that the subscription is in place.
    listener->send(websocket::Opcode::Text, R"({"type":"ping"})");
    if (auto pong = co_await listener->read_message(); !pong) co_return wrong("the connection was closed");
    speaker->send(websocket::Opcode::Text,
                  json::serialize(json::object{{"type", "publish"}, {"topic", topic}, {"data", "hello"}}));
    auto message = co_await listener->read_message();
    if (!message) co_return wrong("the connection was closed before the message came");
    if (message->data.find(topic) == std::string::npos)
        co_return wrong("another message came: " + in_short(message->data));
    co_return seen("a message went from one peer to another");
}

Awaitable<Result<Finding>> relay(const Outside& outside, std::string url) {
    const auto options = websocket::client_options();
    Socket sockets[2];
    for (auto& socket : sockets) {
        websocket::Upgrading upgrading;
        upgrading.ca_file = outside.ca_file;
        if (!outside.edge_host.empty())
            upgrading.connect_to = fmt::format("{}:{}", outside.edge_host, outside.edge_port);
        auto connected =
            co_await websocket::connect(outside.loop, url, options, outside.limit, std::move(upgrading));
        if (!connected) co_return wrong(connected.error().what);
        socket = *connected;
    }
    auto result = co_await exchange_message(sockets[0], sockets[1]);
    for (auto& socket : sockets) socket->cancel();
    co_return result;
}

Awaitable<Finding> check_relay(const Outside& outside, std::string base, Settings settings) {
    base.replace(0, std::string_view("http").size(), "ws");
    auto result = co_await with_deadline(outside.limit, relay(outside, base + settings.get("path", "/")));
    if (!result) co_return wrong("no message came in " + print_duration(outside.limit));
    co_return *result;
}

Awaitable<Finding> check_chat(const Outside& outside, std::string base, Settings settings) {
    json::object message{{"role", "user"}, {"content", "Say hello."}};
    auto body = json::serialize(
        json::object{{"model", settings.get("model")}, {"messages", json::array{std::move(message)}}});
    http::Fields fields{{"Content-Type", "application/json"}};
    fields.set("Authorization", "Bearer " + settings.get("key"));
    auto answer =
        co_await ask(outside, "POST", base + "/v1/chat/completions", std::move(fields), std::move(body));
    if (!answer) co_return wrong(why(answer.error(), outside.limit));
    if (answer->status != 200)
        co_return wrong(fmt::format("answered {}: {}", answer->status, in_short(answer->body)));
    boost::system::error_code error;
    const auto root = json::parse(answer->body, error);
    const auto* content = error ? nullptr : root.find_pointer("/choices/0/message/content", error);
    if (!content || !content->is_string())
        co_return wrong("the answer holds no message: " + in_short(answer->body));
    co_return seen(
        fmt::format("{} answered \"{}\"", settings.get("model"), in_short(content->get_string(), 40)));
}

Awaitable<Finding> check_request(const Outside& outside, std::string base, Settings settings) {
    http::Fields fields;
    auto body = settings.get("body");
    if (!body.empty()) fields.set("Content-Type", "application/json");
    const auto method = settings.get("method", body.empty() ? "GET" : "POST"),
               expected = settings.get("expect", "200");
    auto answer =
        co_await ask(outside, method, base + settings.get("path", "/"), std::move(fields), std::move(body));
    if (!answer) co_return wrong(why(answer.error(), outside.limit));
    const auto what = fmt::format("{} {} answered {}", method, settings.get("path", "/"), answer->status);
    co_return std::to_string(answer->status) == expected ? seen(what) : wrong(what + ", not " + expected);
}

Awaitable<Finding> run(const Outside& outside, const stack::Service& service, const stack::Check* check,
                       CheckResult& result) {
    const auto url = outside.values.find("url." + service.name);
    if (url == outside.values.end()) co_return wrong("it has no subdomain, so nobody outside reaches it");
    if (!check) co_return co_await check_health(outside, url->second + service.health.path, result);
    Settings settings{check->settings, outside.values};
    if (!settings.problem().empty()) co_return wrong(settings.problem());
    switch (check->kind) {
        case stack::Check::Deploy:
            co_return co_await check_deploy(outside, url->second, settings);
        case stack::Check::Relay:
            co_return co_await check_relay(outside, url->second, settings);
        case stack::Check::Chat:
            co_return co_await check_chat(outside, url->second, settings);
        case stack::Check::Request:
            co_return co_await check_request(outside, url->second, settings);
    }
    co_return wrong("unknown kind of check");
}

}  // namespace

std::string_view name_of(const stack::Check& check) {
    switch (check.kind) {
        case stack::Check::Deploy:
            return "deploy and download";
        case stack::Check::Relay:
            return "relay";
        case stack::Check::Chat:
            return "chat";
        case stack::Check::Request:
            return "request";
    }
    return "";
}

Awaitable<CheckResult> run_check(const Outside& outside, const stack::Service& service,
                                 const stack::Check* check) {
    CheckResult result;
    result.service = service.name;
    result.check = check ? name_of(*check) : "health";
    const auto begun = Clock::now();
    try {
        auto finding = co_await run(outside, service, check, result);
        result.good = finding.has_value();
        result.detail = finding ? *finding : finding.error().what;
    } catch (const std::exception& error) {
        result.detail = error.what();
    }
    result.ms = ms_since(begun);
    co_return result;
}

boost::json::object to_json(const CheckResult& result) {
    json::object made{{"service", result.service},
                      {"check", result.check},
                      {"ok", result.good},
                      {"detail", result.detail},
                      {"ms", result.ms}};
    if (result.skipped) made["skipped"] = true;
    return made;
}

int tell_checks(const Context& context, const std::vector<CheckResult>& results, double ms) {
    std::size_t bad = 0, skipped = 0;
    for (const auto& result : results) {
        bad += result.good || result.skipped ? 0 : 1;
        skipped += result.skipped ? 1 : 0;
    }
    if (context.json) {
        json::array checks;
        for (const auto& r : results) checks.push_back(to_json(r));
        context.result(
            json::serialize(json::object{
                {"schema", "seance.verify/1"}, {"ok", bad == 0}, {"ms", ms}, {"checks", std::move(checks)}}) +
            "\n");
    } else {
        Table table({"", "SERVICE", "CHECK", "TIME", "WHAT WAS SEEN"});
        for (const auto& r : results) {
            if (r.skipped)
                table.add({"–", r.service, r.check, "-", "skipped: " + r.detail}, 0, &Style::yellow);
            else
                table.add({r.good ? "✔" : "✘", r.service, r.check, fmt::format("{:.0f} ms", r.ms), r.detail},
                          0, r.good ? &Style::green : &Style::red);
        }
        const auto ran = results.size() - skipped;
        context.result(table.print(context.result_style()) +
                       fmt::format("\n{} of {} passed in {:.0f} ms{}\n", ran - bad, count(ran, "check"), ms,
                                   skipped == 0 ? "" : fmt::format(", {} skipped", skipped)));
    }
    return bad == 0 ? kDone : kCheckFailed;
}

}  // namespace seance::cli
