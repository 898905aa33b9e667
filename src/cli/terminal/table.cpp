#include "cli/terminal/table.hpp"

#include <algorithm>
#include <numeric>

namespace seance::cli {

namespace {

// Characters, not bytes: what is shown here is Latin text and a few signs, each one column wide.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The widest give way first, so that what is short stays whole.
void narrow(std::vector<std::size_t>& widths, std::size_t most) {
    constexpr std::size_t kLeast = 6, kGap = 2;
    const auto total = [&] {
        return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
    };
    while (total() > most) {
        const auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= kLeast) return;
        --*widest;
    }
}

}  // namespace

std::string cut(const std::string& text, std::size_t most) {
    if (width(text) <= most) return text;
    std::string out;
    std::size_t characters = 0;
    for (const char c : text) {
        if ((c & 0xC0) != 0x80 && ++characters >= most) break;
        out += c;
    }
    return out + "…";
}

void Table::add(std::vector<std::string> cells, std::size_t painted, Paint paint) {
    rows_.push_back({std::move(cells), painted, paint});
}

std::string Table::print(const Style& style) const {
    std::vector<std::size_t> widths;
    for (const auto& heading : headings_) widths.push_back(width(heading));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.cells.size(); ++i)
            widths[i] = std::max(widths[i], width(row.cells[i]));

    if (style.width() > 0) narrow(widths, style.width());

    std::string out;
    const auto line = [&](const std::vector<std::string>& cells, auto painted) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const auto cell = cut(cells[i], widths[i]);
            out += painted(i, cell);
            if (i + 1 < cells.size()) out.append(widths[i] - width(cell) + 2, ' ');
        }
        while (out.ends_with(' ')) out.pop_back();
        out += '\n';
    };
    line(headings_, [&](std::size_t, const std::string& cell) { return style.dim(cell); });
    for (const auto& row : rows_)
        line(row.cells, [&](std::size_t i, const std::string& cell) {
            return row.paint && i == row.painted ? (style.*row.paint)(cell) : cell;
        });
    return out;
}

}  // namespace seance::cli
