#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "services/litellm/domain/model_table.hpp"

namespace seance::litellm {

// What the log says about a configuration, a line each.
struct Remark {
    bool is_error = false;
    std::string_view event, field;  // "config_warning", "warning"
    std::string text;
};

std::vector<Remark> remarks_on(const ModelTable& models);

// Those that did not stand before. A line that merely moved in its file is not new.
std::vector<Remark> new_remarks(const std::vector<Remark>& now, const std::vector<Remark>& before);

}  // namespace seance::litellm
