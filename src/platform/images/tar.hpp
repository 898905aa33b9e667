#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "core/base/result.hpp"

namespace seance::images {

using Sink = std::function<void(std::string_view)>;

// A ustar archive with nothing in it that comes from this machine: owner 0, one time for all, no names of
// users. Entries come in the caller's order. After a file's header exactly `size` bytes of content follow.
class TarWriter {
  public:
    TarWriter(Sink sink, std::int64_t modified) : sink_(std::move(sink)), modified_(modified) {}

    // A path is relative, without "." or "..", and fits ustar: 100 bytes behind a prefix of 155.
    Outcome<void> directory(std::string_view path, unsigned mode);
    Outcome<void> file(std::string_view path, unsigned mode, std::uint64_t size);
    void content(std::string_view bytes);
    void finish();  // once

  private:
    Outcome<void> header(std::string_view path, unsigned mode, std::uint64_t size, char type);
    void pad();

    Sink sink_;
    std::int64_t modified_;
    std::uint64_t left_ = 0, size_ = 0;  // of the file under way
};

}  // namespace seance::images
