#include "platform/edge/pages.hpp"

#include <fmt/format.h>

namespace seance::edge {

namespace {

constexpr std::string_view kStyle = R"(<style>
:root{color-scheme:light dark;--ink:#1d1a26;--soft:#6d6880;--line:#e4e0ee;--page:#faf9fc;--card:#fff;--good:#1f8a5b;--bad:#c2373f;--wait:#b17a12}
@media(prefers-color-scheme:dark){:root{--ink:#ece9f5;--soft:#9d97b3;--line:#332e45;--page:#15121e;--card:#1d1929;--good:#4fce97;--bad:#ff7b81;--wait:#f0bd5a}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:3rem 1.25rem}
h1{font-size:1.6rem;margin:0}p{color:var(--soft);margin:.25rem 0 1.5rem}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden}
th,td{text-align:left;padding:.7rem 1rem;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}th{color:var(--soft);font-weight:500;font-size:.85rem}
td.number{font-variant-numeric:tabular-nums}a{color:inherit}small{display:block;color:var(--soft)}
.state{white-space:nowrap;color:var(--wait)}.healthy{color:var(--good)}.failed,.unhealthy,.restarting{color:var(--bad)}
code{font-family:ui-monospace,monospace;font-size:.9em}
@media(max-width:40rem){th:nth-child(n+4),td:nth-child(n+4){display:none}}
</style>)";

std::string page(std::string_view title, std::string_view head, std::string_view body) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\">{}<title>{}</title>{}</head><body><main>{}</main></body></html>\n",
        head, escape_html(title), kStyle, body);
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
    for (const auto& row : status.rows) {
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
    const auto body = fmt::format(
        "<h1>{}</h1><p>{} at commit "
        "<code>{}</code></p><table><thead><tr><th>Service</th><th>State</th><th>Up "
        "for</th><th>Restarts</th><th>Direct address</th></tr></thead><tbody>{}</tbody></table>",
        escape_html(status.project), escape_html(status.environment), escape_html(status.commit), rows);
    return page(status.project + " status", "<meta http-equiv=\"refresh\" content=\"2\">", body);
}

std::string render_unknown_host(std::string_view asked, const std::vector<std::string>& urls) {
    std::string list;
    for (const auto& url : urls) list += fmt::format("<li><a href=\"{0}\">{0}</a></li>", escape_html(url));
    const auto what = asked.empty() ? std::string("An address alone names no service here")
                                    : fmt::format("Nothing is served at <code>{}</code>", escape_html(asked));
    return page(
        "421 Misdirected Request", "",
        fmt::format("<h1>421 Misdirected Request</h1><p>{}. These are:</p><ul>{}</ul><p>Programs that cannot "
                    "resolve *.localhost can send the name in the <code>Host</code> field instead.</p>",
                    what, list));
}

}  // namespace seance::edge
