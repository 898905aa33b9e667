#include "services/litellm/handlers/ui.hpp"

#include <algorithm>

#include "core/base/hash.hpp"

namespace seance::litellm {

// Generated from web/litellm-ui.
std::string_view ui_page();
std::string_view ui_style();
std::string_view ui_script();
std::string_view ui_icon();

namespace {

struct File {
    std::string_view name, type, text;
    std::string tag;
};

const std::vector<File>& files() {
    static const std::vector<File> all = [] {
        std::vector<File> made{{"", "text/html; charset=utf-8", ui_page(), {}},
                               {"index.html", "text/html; charset=utf-8", ui_page(), {}},
                               {"app.css", "text/css; charset=utf-8", ui_style(), {}},
                               {"app.js", "text/javascript; charset=utf-8", ui_script(), {}},
                               {"favicon.svg", "image/svg+xml", ui_icon(), {}}};
        for (auto& file : made) file.tag = "\"" + sha256_hex(file.text).substr(0, 16) + "\"";
        return made;
    }();
    return all;
}

// Nothing from elsewhere, nothing inline, framed by nobody.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

Awaitable<void> show_ui(Gateway&, http::Exchange& exchange, std::string name) {
    auto found = std::find_if(files().begin(), files().end(), [&](auto& file) { return file.name == name; });
    if (found == files().end()) co_return reply_json(exchange, 404, "{\"detail\":\"Not Found\"}");
    http::Fields fields;
    fields.set("Content-Type", found->type);
    fields.set("Content-Security-Policy", kPolicy);
    fields.set("X-Content-Type-Options", "nosniff");
    fields.set("Referrer-Policy", "no-referrer");
    fields.set("Cross-Origin-Opener-Policy", "same-origin");
    fields.set("Cache-Control", "no-cache");
    fields.set("ETag", found->tag);
    bool same = exchange.head().fields.get("If-None-Match") == found->tag;
    http::Response response{same ? 304 : 200, std::move(fields), same ? "" : std::string(found->text)};
    exchange.reply(std::move(response));
}

// So that the page's own files are found below it.
Awaitable<void> move_to_ui(Gateway& gateway, http::Exchange& exchange, std::string) {
    auto& root = gateway.settings().root_path;
    bool below = !root.empty() && exchange.head().path().starts_with(root + "/");
    http::Fields fields;
    fields.set("Location", (below ? root : "") + "/ui/");
    http::Response response{307, std::move(fields), ""};
    exchange.reply(std::move(response));
    co_return;
}

}  // namespace seance::litellm
