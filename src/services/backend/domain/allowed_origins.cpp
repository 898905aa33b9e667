#include "services/backend/domain/allowed_origins.hpp"

#include <algorithm>

namespace seance::backend {

bool AllowedOrigins::allows(std::string_view origin) const {
    return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

void AllowedOrigins::apply(http::Fields& fields, std::string_view origin) const {
    if (origins_.empty()) return;
    fields.add("Vary", "Origin");
    if (!allows(origin)) return;
    fields.set("Access-Control-Allow-Origin", origin);
    fields.set("Access-Control-Allow-Credentials", "true");
}

void AllowedOrigins::apply_preflight(http::Fields& fields, std::string_view origin,
                                     std::string_view requested) const {
    apply(fields, origin);
    if (!allows(origin)) return;
    fields.set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
    if (!requested.empty()) fields.set("Access-Control-Allow-Headers", requested);
    fields.set("Access-Control-Max-Age", "600");
}

}  // namespace seance::backend
