#pragma once
#include <string>
#include <vector>

#include "cli/terminal/style.hpp"

namespace seance::cli {

// Columns that line up. Cells are plain text; a row may be given a colour for one of its cells.
class Table {
  public:
    explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

    using Paint = std::string (Style::*)(std::string_view) const;
    void add(std::vector<std::string> cells, std::size_t painted = 0, Paint paint = nullptr);
    std::string print(const Style& style) const;

  private:
    struct Row {
        std::vector<std::string> cells;
        std::size_t painted;
        Paint paint;
    };
    std::vector<std::string> headings_;
    std::vector<Row> rows_;
};

// The beginning of a text, and "…" where it is longer than so many characters.
std::string cut(const std::string& text, std::size_t most);

}  // namespace seance::cli
