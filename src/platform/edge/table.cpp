#include "platform/edge/table.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace seance::edge {

std::string host_name(std::string_view authority) {
    if (authority.starts_with('[')) return {};  // IPv6
    authority = authority.substr(0, authority.find(':'));
    if (authority.ends_with('.')) authority.remove_suffix(1);
    const bool address = std::all_of(authority.begin(), authority.end(),
                                     [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return address ? std::string{} : lower(authority);
}

void Table::add(std::string_view host, Target target) {
    targets_.insert_or_assign(lower(host), std::move(target));
}

const Target* Table::find(std::string_view authority) const {
    const auto name = host_name(authority);
    if (name.empty()) return nullptr;
    auto found = targets_.find(name);
    if (const auto dot = name.find('.'); found == targets_.end() && dot != std::string::npos)
        found = targets_.find("*" + name.substr(dot));
    return found == targets_.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string, const Target*>> Table::all() const {
    std::vector<std::pair<std::string, const Target*>> out;
    for (const auto& [host, target] : targets_) out.emplace_back(host, &target);
    return out;
}

}  // namespace seance::edge
