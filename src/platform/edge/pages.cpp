#include "platform/edge/pages.hpp"

#include <fmt/format.h>

namespace seance::edge {

namespace {

// The colours are those of the landing page.
constexpr std::string_view kStyle = R"(<style>
:root{color-scheme:light dark;--ink:#16201b;--soft:#45524a;--line:#c9d1c4;--page:#f3f4ee;--card:#fcfdf9;--link:#0b5a44;--good:#14704a;--bad:#a8331e;--wait:#7a5200}
@media(prefers-color-scheme:dark){:root{--ink:#eaede3;--soft:#aab6ad;--line:#2b3831;--page:#0e1512;--card:#18221d;--link:#8fd3b6;--good:#6fd3a0;--bad:#ff8f7a;--wait:#f4b93e}}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:clamp(2rem,8vh,5rem) 1.25rem}
header{display:flex;align-items:center;gap:.75rem;margin-bottom:.5rem}svg{width:2rem;height:2rem;flex:none}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.02em;margin:0}p{color:var(--soft);margin:.5rem 0 1.5rem;max-width:44rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.875rem;overflow:hidden}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;padding:.75rem 1.25rem;border-bottom:1px solid var(--line);vertical-align:baseline}
tr:last-child>td{border-bottom:0}th{color:var(--soft);font-weight:500;font-size:.875rem}
.number{font-variant-numeric:tabular-nums;text-align:right}a{color:var(--link);text-underline-offset:.2em}small{display:block;color:var(--soft);white-space:normal}
.state{white-space:nowrap;color:var(--wait)}.healthy{color:var(--good)}.failed,.unhealthy,.restarting{color:var(--bad)}
ul{list-style:none;margin:0 0 1.5rem;padding:.5rem 0}li a{display:block;padding:.4rem 1.25rem}
code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.9em;overflow-wrap:anywhere}
@media(max-width:40rem){th,td{padding:.75rem 1rem}th:nth-child(n+4),td:nth-child(n+4){display:none}}
</style>)";

constexpr std::string_view kMark =
    "<svg viewBox=\"0 0 64 64\" aria-hidden=\"true\"><rect width=\"64\" height=\"64\" rx=\"15\" "
    "fill=\"#12332a\"/><path fill=\"#f4b93e\" fill-rule=\"evenodd\" d=\"M32 7c8 7 21 16 21 31 0 11-10 19-21 "
    "14-11 5-21-3-21-14C11 23 24 14 32 7Zm8 23a8 8 0 1 0-16 0 8 8 0 1 0 16 0Z\"/></svg>";

constexpr std::string_view kAskAgain = "<meta http-equiv=\"refresh\" content=\"2\">";

// The heading is text; `head` and `body` are HTML.
std::string page(std::string_view title, std::string_view heading, std::string_view head,
                 std::string_view body) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\">{}<title>{}</title>{}</head><body><main><header>{}<h1>{}</h1></"
        "header>"
        "{}</main></body></html>\n",
        head, escape_html(title), kStyle, kMark, escape_html(heading), body);
}

}  // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string render_status_page(const StatusPage& status) {
    std::string rows;
    std::size_t healthy = 0;
    for (const auto& row : status.rows) {
        if (row.state == "healthy") ++healthy;
        const auto name = row.url.empty() ? escape_html(row.name)
                                          : fmt::format("<a href=\"{}\">{}</a>", escape_html(row.url),
                                                        escape_html(row.name));
        const auto detail =
            row.detail.empty() ? "" : fmt::format("<small>{}</small>", escape_html(row.detail));
        rows += fmt::format(
            "<tr><td>{}</td><td class=\"state {}\">{} {}{}</td><td class=number>{}</td><td "
            "class=number>{}</td><td><code>{}</code></td></tr>",
            name, escape_html(row.state), row.state == "healthy" ? "●" : "○", escape_html(row.state), detail,
            escape_html(row.uptime), row.restarts, escape_html(row.direct));
    }
    const bool all = healthy == status.rows.size();
    const auto body = fmt::format(
        "<p><span class=\"state {}\">{} {} of {} healthy</span> · {}{}</p>"
        "<div class=card><table><thead><tr><th>Service</th><th>State</th><th class=number>Up for</th>"
        "<th class=number>Restarts</th><th>Direct address</th></tr></thead><tbody>{}</tbody></table></div>",
        all ? "healthy" : "", all ? "●" : "○", healthy, status.rows.size(), escape_html(status.environment),
        status.commit.empty() ? "" : fmt::format(" at commit <code>{}</code>", escape_html(status.commit)),
        rows);
    return page(status.project + " status", status.project, kAskAgain, body);
}

std::string render_unknown_host(std::string_view asked, const std::vector<std::string>& urls) {
    std::string list;
    for (const auto& url : urls) list += fmt::format("<li><a href=\"{0}\">{0}</a></li>", escape_html(url));
    const auto what = asked.empty() ? std::string("An address alone names no service here")
                                    : fmt::format("Nothing is served at <code>{}</code>", escape_html(asked));
    return page("421 Misdirected Request", "Nobody answers to this name", "",
                fmt::format("<p>{}. These are:</p><ul class=card>{}</ul><p>Programs that cannot resolve "
                            "<code>*.localhost</code> can send the name in the <code>Host</code> field "
                            "instead. (421 Misdirected Request)</p>",
                            what, list));
}

std::string render_fault(std::string_view host, std::string_view status, std::string_view request_id) {
    return page(
        status, fmt::format("{} does not answer", host), kAskAgain,
        fmt::format("<p>It may be starting: this page asks again by itself. <code>seance status</code> "
                    "shows its state, <code>seance logs</code> says why.</p>"
                    "<p>{} · request <code>{}</code></p>",
                    escape_html(status), escape_html(request_id)));
}

}  // namespace seance::edge
