#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace seance::edge {

std::string escape_html(std::string_view text);

// One row of the status page.
struct PageRow {
    std::string name, url, state, detail, uptime, direct;
    std::uint64_t restarts = 0;
};

struct StatusPage {
    std::string project, environment;
    std::string commit;  // of all services that name one; "" says nothing of it
    std::vector<PageRow> rows;
};

// The small page at dashboard.<domain>: which services run, how they are and where they are reached. It asks
// for itself again every two seconds.
std::string render_status_page(const StatusPage& page);

// For a host that nobody serves: what hosts there are, and how to reach them.
std::string render_unknown_host(std::string_view asked, const std::vector<std::string>& urls);

// For a service that does not answer; `status` is such as "503 Service Unavailable".
std::string render_fault(std::string_view host, std::string_view status, std::string_view request_id);

}  // namespace seance::edge
