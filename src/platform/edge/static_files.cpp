#include "platform/edge/static_files.hpp"

#include "store/object/directory/directory_store.hpp"

namespace seance::edge {

namespace {

int status_for(object::Reason reason) {
    if (reason == object::Reason::NotFound || reason == object::Reason::BadKey) return 404;
    return 503;
}

}  // namespace

StaticFiles::StaticFiles(const std::string& folder)
    : store_(std::make_unique<object::DirectoryStore>(folder)) {}

StaticFiles::~StaticFiles() = default;

Awaitable<void> StaticFiles::answer(http::Exchange& exchange) {
    const auto& head = exchange.head();
    const bool to_head = head.method == "HEAD";
    if (!to_head && head.method != "GET") {
        auto refused = http::error_page(405, exchange.request_id());
        refused.fields.set("Allow", "GET, HEAD");
        exchange.reply(std::move(refused));
        co_return;
    }
    auto key = http::percent_decode(head.path().substr(1));
    if (!key) {
        exchange.reply(http::error_page(400, exchange.request_id()));
        co_return;
    }
    const std::string if_none_match(head.fields.get("If-None-Match"));
    auto opened = co_await store_->open(*key);
    if (!opened) {
        exchange.reply(http::error_page(status_for(opened.error().reason), exchange.request_id()));
        co_return;
    }
    const auto reader = std::move(*opened);
    const auto& info = reader->info();
    http::Fields fields{{"Content-Type", info.content_type}, {"Access-Control-Allow-Origin", "*"}};
    if (!info.etag.empty()) fields.add("ETag", info.etag);
    if (!info.cache_control.empty()) fields.add("Cache-Control", info.cache_control);
    if (!if_none_match.empty() && if_none_match == info.etag) {
        http::Response same;
        same.status = 304;
        same.fields = std::move(fields);
        exchange.reply(std::move(same));
        co_return;
    }
    if (co_await exchange.start(200, fields, info.size)) co_return;
    while (!to_head) {
        auto piece = co_await reader->read();
        if (!piece) co_return;  // cuts the connection: what was sent must not look whole
        if (piece->empty()) break;
        if (co_await exchange.write(*piece)) co_return;
    }
    co_await exchange.finish();
}

}  // namespace seance::edge
