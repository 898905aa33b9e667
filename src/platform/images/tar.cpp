#include "platform/images/tar.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include "core/base/text.hpp"

namespace seance::images {
namespace {

constexpr std::size_t kRecord = 512, kMostName = 100, kMostPrefix = 155;
constexpr std::uint64_t kMostSize = (1ull << 33) - 1;  // eleven octal digits
constexpr std::array<char, 2 * kRecord> kZeros{};

using Header = std::array<char, kRecord>;

void put(Header& header, std::size_t at, std::string_view text) {
    std::memcpy(header.data() + at, text.data(), text.size());
}

// "0000644\0" in a field of eight.
void put_octal(Header& header, std::size_t at, std::size_t width, std::uint64_t value) {
    put(header, at, fmt::format("{:0{}o}", value, width - 1));
}

// Where to cut a long path: the name behind the slash and the prefix before it both fit.
std::size_t prefix_end(std::string_view path) {
    auto slash = path.find('/', path.size() - std::min(path.size(), kMostName + 1));
    if (slash == std::string_view::npos || slash > kMostPrefix || slash == 0) return std::string_view::npos;
    return slash;
}

bool is_relative_path(std::string_view path) {
    for (auto part : split(path, '/'))
        if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos)
            return false;
    return true;
}

}  // namespace

Outcome<void> TarWriter::header(std::string_view path, unsigned mode, std::uint64_t size, char type) {
    if (left_ != 0) throw std::logic_error("a file in an archive is shorter than it was said to be");
    if (!is_relative_path(path))
        return Problem{fmt::format("\"{}\" is no path inside an image; write it without . and ..", path)};
    if (size > kMostSize) return Problem{fmt::format("{} is larger than 8 GiB", path)};
    Header header{};
    std::string name(path);
    if (type == '5') name += '/';
    if (name.size() > kMostName) {
        auto end = prefix_end(name.substr(0, name.size() - (type == '5' ? 1 : 0)));
        if (end == std::string_view::npos || name.size() - end - 1 > kMostName)
            return Problem{
                fmt::format("the path {} is too long for an image: 100 bytes behind a folder of 155", path)};
        put(header, 345, std::string_view(name).substr(0, end));
        name = name.substr(end + 1);
    }
    put(header, 0, name);
    put_octal(header, 100, 8, mode);
    put_octal(header, 108, 8, 0);  // owner and group
    put_octal(header, 116, 8, 0);
    put_octal(header, 124, 12, size);
    put_octal(header, 136, 12, static_cast<std::uint64_t>(std::max<std::int64_t>(modified_, 0)));
    put(header, 148, "        ");
    header[156] = type;
    put(header, 257, std::string_view("ustar\00000", 8));
    put_octal(header, 329, 8, 0);  // device
    put_octal(header, 337, 8, 0);
    unsigned sum = 0;
    for (char c : header) sum += static_cast<unsigned char>(c);
    put(header, 148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    sink_({header.data(), header.size()});
    left_ = size_ = size;
    return {};
}

Outcome<void> TarWriter::directory(std::string_view path, unsigned mode) {
    return header(path, mode, 0, '5');
}

Outcome<void> TarWriter::file(std::string_view path, unsigned mode, std::uint64_t size) {
    return header(path, mode, size, '0');
}

void TarWriter::content(std::string_view bytes) {
    if (bytes.size() > left_) throw std::logic_error("a file in an archive is longer than it was said to be");
    sink_(bytes);
    left_ -= bytes.size();
    if (left_ == 0) pad();
}

void TarWriter::pad() {
    auto over = size_ % kRecord;
    if (over != 0) sink_({kZeros.data(), kRecord - over});
}

void TarWriter::finish() {
    sink_({kZeros.data(), kZeros.size()});
}

}  // namespace seance::images
