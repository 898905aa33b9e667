#pragma once
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace seance::cli {

// "error " or "warning ", painted, for a level that is worth a word; else "".
std::string level_mark(const Style& style, const std::string& level);

// Lines of several services, each with its name in a column and a colour of its own.
class LogPrinter {
  public:
    LogPrinter(const Context& context, std::vector<std::string> services);

    // "2026-11-24T06:47:06.123Z backend  text\n". A level that is worth it stands before the text.
    std::string line(const std::string& time, const std::string& service, const std::string& text,
                     const std::string& level = {}) const;

  private:
    const Context& context_;
    std::vector<std::string> services_;
    std::size_t width_ = 0;
};

}  // namespace seance::cli
