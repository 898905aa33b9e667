#pragma once
#include <cstdio>
#include <string>
#include <string_view>

namespace seance::cli {

// Colour where somebody looks at it: NO_COLOR wins, then CLICOLOR_FORCE, then whether the stream is a
// terminal. Never colour alone: what is coloured says the same in words or signs.
class Style {
  public:
    explicit Style(bool colour) : colour_(colour) {}
    static Style of(int fd);

    bool colour() const { return colour_; }
    // Characters in a line of the terminal that looks at it; 0: nobody's, as long as it likes.
    std::size_t width() const { return width_; }
    void set_width(std::size_t width) { width_ = width; }
    std::string bold(std::string_view text) const { return paint("1", text); }
    std::string dim(std::string_view text) const { return paint("2", text); }
    std::string red(std::string_view text) const { return paint("31", text); }
    std::string green(std::string_view text) const { return paint("32", text); }
    std::string yellow(std::string_view text) const { return paint("33", text); }
    // One of six colours, always the same for a name's place in the list.
    std::string nth(std::size_t n, std::string_view text) const;

  private:
    static Style colour_of(int fd);
    std::string paint(std::string_view code, std::string_view text) const;
    bool colour_;
    std::size_t width_ = 0;
};

}  // namespace seance::cli
