#include "net/files/quality.hpp"

#include <algorithm>

namespace seance::files {

int parse_quality(std::string_view parameters) {
    while (!parameters.empty()) {
        auto semicolon = parameters.find(';');
        auto parameter = trim(parameters.substr(0, semicolon));
        parameters = semicolon == parameters.npos ? std::string_view{} : parameters.substr(semicolon + 1);
        if (parameter.size() < 2 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=')
            continue;
        auto text = parameter.substr(2);
        // RFC 9110 section 12.4.2: 0 or 1, then at most three decimals.
        if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
        if (text.size() > 1 && text[1] != '.') return 0;
        int value = (text[0] - '0') * 1000;
        int scale = 100;
        for (char c : text.substr(std::min<std::size_t>(2, text.size()))) {
            if (c < '0' || c > '9') return 0;
            value += (c - '0') * scale;
            scale /= 10;
        }
        return value > 1000 ? 0 : value;
    }
    return 1000;
}

}  // namespace seance::files
