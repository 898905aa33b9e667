#include "cli/terminal/table.hpp"

#include <algorithm>

namespace seance::cli {

namespace {

// Characters, not bytes: what is shown here is Latin text and a few signs, each one column wide.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

void Table::add(std::vector<std::string> cells, std::size_t painted, Paint paint) {
    rows_.push_back({std::move(cells), painted, paint});
}

std::string Table::print(const Style& style) const {
    std::vector<std::size_t> widths;
    for (const auto& heading : headings_) widths.push_back(width(heading));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.cells.size(); ++i)
            widths[i] = std::max(widths[i], width(row.cells[i]));

    std::string out;
    const auto line = [&](const std::vector<std::string>& cells, auto painted) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            out += painted(i, cells[i]);
            if (i + 1 < cells.size()) out.append(widths[i] - width(cells[i]) + 2, ' ');
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
