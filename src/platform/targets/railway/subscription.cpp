#include "platform/targets/railway/subscription.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

#include "core/runtime/wait.hpp"
#include "net/websocket/client.hpp"
#include "platform/remote/json_view.hpp"
#include "platform/targets/railway/answer.hpp"

namespace seance::railway {
namespace {

using remote::JsonView;
using websocket::Opcode;
using Why = SubscriptionEnd::Why;

constexpr std::string_view kProtocol = "graphql-transport-ws";
constexpr Duration kCloseTimeout = std::chrono::seconds(1);
constexpr std::string_view kId = "1";  // one subscription for each connection

SubscriptionEnd end(Why why, FailureKind kind, std::string what) {
    SubscriptionEnd out;
    out.why = why;
    out.failure.kind = kind;
    out.failure.what = std::move(what);
    return out;
}

std::string message(std::string_view type, bool with_id = false) {
    boost::json::object out;
    if (with_id) out["id"] = kId;
    out["type"] = type;
    return boost::json::serialize(out);
}

// Codes that say that the same thing will be refused again.
bool is_refusal(std::uint16_t code) {
    return code == 4400 || code == 4401 || code == 4403 || code == 4409;
}

}  // namespace

std::string close_sentence(std::uint16_t code, std::string_view reason) {
    auto meaning = [&]() -> std::string_view {
        switch (code) {
            case 4400:
                return "a message was malformed";
            case 4401:
                return "the credential was not accepted";
            case 4403:
                return "the credential has no access to this";
            case 4408:
                return "the introduction came too late";
            case 4409:
                return "the subscription's id was in use already";
            case 4429:
                return "the introduction came twice";
            case websocket::close_code::kNormal:
                return "the server ended the connection";
            case websocket::close_code::kGoingAway:
                return "the server is going away";
            case websocket::close_code::kAbnormal:
                return "the connection was cut";
            case websocket::close_code::kTryAgainLater:
                return "the server is overloaded";
            default:
                return "the connection was closed";
        }
    }();
    auto text = remote::tame(reason, 120);
    return fmt::format("{} (code {}{}{})", meaning, code, text.empty() ? "" : ": ", text);
}

class SubscriptionStream::Impl {
  public:
    Impl(Graphql& graphql, Document d, const SubscriptionOptions& options)
        : loop(graphql.loop()),
          kind(graphql.credential().kind),
          token(graphql.credential().token),
          document(std::move(d)),
          websocket_options(std::make_shared<websocket::Options>(websocket::client_options())) {
        websocket_options->max_message = options.max_message;
        websocket_options->ping_interval = options.ping_interval;
        websocket_options->close_timeout = kCloseTimeout;
    }
    ~Impl() {
        if (!socket) return;
        socket->cancel();
        // The socket looks at its options until it has ended, which it does at the loop's next turn.
        asio::post(loop.executor(), [kept = websocket_options, socket = socket] {});
    }

    SubscriptionEnd closed() const {
        const auto& ending = socket->ending();
        auto what =
            fmt::format("Railway's {}: {}", document.name, close_sentence(ending.code, ending.reason));
        if (ending.by_us || !is_refusal(ending.code))
            return end(Why::Lost, FailureKind::Unreachable, std::move(what));
        auto refused = ending.code == 4401 || ending.code == 4403 ? FailureKind::Auth : FailureKind::Api;
        return end(Why::Refused, refused, std::move(what));
    }

    // Closes politely and waits for the peer's answer, no longer than kCloseTimeout.
    Awaitable<void> finish(std::uint16_t code, std::string_view reason) {
        socket->close(code, reason);
        while (true) {
            auto ignored = co_await socket->read_message();
            if (!ignored) co_return;
        }
    }

    // The next message that is not about the connection itself.
    Awaitable<boost::system::result<boost::json::value, SubscriptionEnd>> read() {
        while (true) {
            auto got = co_await socket->read_message();
            if (!got) co_return closed();
            auto parsed = remote::parse_json(got->data);
            if (got->kind != Opcode::Text || !parsed || !parsed->is_object()) {
                co_await finish(4400, "not a message of graphql-transport-ws");
                co_return end(
                    Why::Lost, FailureKind::Api,
                    fmt::format("Railway's {}: a message that is none of {}", document.name, kProtocol));
            }
            auto type = JsonView(*parsed)["type"].text_or();
            if (type == "pong") continue;
            if (type != "ping") co_return std::move(*parsed);
            socket->send(Opcode::Text, message("pong"));
        }
    }

    using Step = Result<std::optional<SubscriptionEnd>>;
    // connection_init → connection_ack, then subscribe.
    Awaitable<Step> introduce(boost::json::object variables) {
        socket->send(Opcode::Text, message("connection_init"));
        auto answer = co_await read();
        if (!answer) co_return Step(answer.error());
        if (JsonView(*answer)["type"].text_or() != "connection_ack")
            co_return Step(
                end(Why::Lost, FailureKind::Api,
                    fmt::format("Railway's {}: the introduction was not acknowledged", document.name)));
        boost::json::object payload, subscribe;
        payload["query"] = document.text;
        payload["variables"] = std::move(variables);
        payload["operationName"] = document.name;
        subscribe["id"] = kId;
        subscribe["type"] = "subscribe";
        subscribe["payload"] = std::move(payload);
        socket->send(Opcode::Text, boost::json::serialize(subscribe));
        co_return Step(std::nullopt);
    }

    SubscriptionEnd refused(JsonView errors) const {
        std::vector<SecretText> hidden{token};
        auto judgement = judge_errors(errors, document.name, kind, hidden);
        SubscriptionEnd out;
        out.failure = std::move(judgement.failure);
        // A passing fault: the next try may work.
        out.why = judgement.again == Judgement::Again::Never ? Why::Refused : Why::Lost;
        return out;
    }

    Loop& loop;
    TokenKind kind;
    SecretText token;
    Document document;
    std::shared_ptr<websocket::Options> websocket_options;
    std::shared_ptr<websocket::WebSocket> socket;
    bool stopped = false;
};

SubscriptionStream::SubscriptionStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SubscriptionStream::~SubscriptionStream() = default;

Awaitable<SubscriptionStream::Opened> SubscriptionStream::open(Graphql& graphql, Document document,
                                                               boost::json::object variables,
                                                               SubscriptionOptions options) {
    auto impl = std::make_unique<Impl>(graphql, std::move(document), options);
    websocket::Upgrading upgrading;
    upgrading.fields = graphql.identity();
    upgrading.subprotocol = kProtocol;
    upgrading.ca_file = graphql.options().ca_file;
    auto connected =
        co_await websocket::connect(graphql.loop(), graphql.websocket_url(), *impl->websocket_options,
                                    options.connect_timeout, std::move(upgrading));
    if (!connected) co_return end(Why::CannotConnect, FailureKind::Unreachable, connected.error().what);
    impl->socket = std::move(*connected);
    auto work = impl->introduce(std::move(variables));
    auto introduced =
        co_await with_deadline<std::optional<SubscriptionEnd>>(options.connect_timeout, std::move(work));
    if (!introduced)
        co_return end(Why::CannotConnect, FailureKind::Unreachable,
                      fmt::format("Railway's {}: the introduction was not acknowledged within {}",
                                  impl->document.name, print_duration(options.connect_timeout)));
    if (*introduced) co_return std::move(**introduced);
    std::unique_ptr<SubscriptionStream> stream(new SubscriptionStream(std::move(impl)));
    co_return stream;
}

Awaitable<SubscriptionStream::Next> SubscriptionStream::next() {
    while (true) {
        auto got = co_await impl_->read();
        if (!got) co_return got.error();
        JsonView json(*got);
        auto type = json["type"].text_or();
        if (json["id"].present() && json["id"].text() != std::string(kId)) continue;
        if (type == "complete") {
            impl_->stopped = true;
            co_await impl_->finish(websocket::close_code::kNormal, "");
            SubscriptionEnd completed;
            completed.why = Why::Completed;
            co_return completed;
        }
        if (type == "error") co_return impl_->refused(json["payload"]);
        if (type != "next") continue;  // a later version's: not about what we asked for
        auto payload = json["payload"];
        if (!payload["errors"].items().empty()) co_return impl_->refused(payload["errors"]);
        if (auto* data = payload["data"].object()) co_return *data;
    }
}

void SubscriptionStream::stop() {
    if (std::exchange(impl_->stopped, true)) return;
    impl_->socket->send(Opcode::Text, message("complete", true));
    impl_->socket->close(websocket::close_code::kNormal, "");
}

}  // namespace seance::railway
