#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace seance::signaling {

// Walks JSON text (RFC 8259) strictly and without building anything. The text has to be UTF-8. Each call
// reads one value or one token and leaves the position behind it; false: it is not JSON, or nested deeper
// than kMostDepth (see too_deep()).
class JsonScanner {
  public:
    // Far above what any client sends, and far below what a stack or a receiver's parser would mind.
    static constexpr int kMostDepth = 512;

    explicit JsonScanner(std::string_view text) : at_(text.data()), end_(at_ + text.size()), begin_(at_) {}

    std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
    bool too_deep() const { return too_deep_; }

    char peek();             // the next character after white space, or 0 at the end
    bool take(char wanted);  // takes it if it is next
    bool at_end() { return peek() == 0 && at_ == end_; }

    // A string: `raw` is what stands between its quotes.
    bool string(std::string_view& raw, bool& escaped);
    bool value();  // any value

  private:
    bool number();
    bool word(std::string_view wanted);
    bool container(char open);

    const char* at_;
    const char* end_;
    const char* begin_;
    bool too_deep_ = false;
};

}  // namespace seance::signaling
