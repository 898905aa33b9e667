#include "core/runtime/port_holder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "core/base/text.hpp"

namespace seance {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";  // TCP_LISTEN, as the table writes it

std::string read_all(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool has_socket(const fs::path& process, const std::string& link) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(process / "fd", error))
        if (fs::read_symlink(entry.path(), error).string() == link) return true;
    return false;
}

// The file that runs; its short name where we may not look.
std::string name_of_process(const fs::path& process) {
    std::error_code error;
    auto name = fs::read_symlink(process / "exe", error).filename().string();
    return name.empty() ? std::string(trim(read_all(process / "comm"))) : name;
}

}  // namespace

std::optional<std::uint64_t> listening_inode(std::string_view table, std::uint16_t port) {
    const auto ending = fmt::format(":{:04X}", port);
    for (const auto line : split(table, '\n')) {
        std::vector<std::string_view> words;
        for (const auto word : split(line, ' '))
            if (!word.empty()) words.push_back(word);
        // sl local rem st tx:rx tr:when retrnsmt uid timeout inode
        if (words.size() > 9 && words[1].ends_with(ending) && words[3] == kListening)
            return parse_number(words[9]);
    }
    return std::nullopt;
}

std::string holder_of_port(std::uint16_t port) {
    auto inode = listening_inode(read_all("/proc/net/tcp"), port);
    if (!inode) inode = listening_inode(read_all("/proc/net/tcp6"), port);
    std::error_code error;
    if (inode)
        for (const auto& entry : fs::directory_iterator("/proc", error)) {
            const auto pid = entry.path().filename().string();
            if (parse_number(pid) && has_socket(entry.path(), fmt::format("socket:[{}]", *inode)))
                return fmt::format("{} (process {})", name_of_process(entry.path()), pid);
        }
    return "another program";
}

}  // namespace seance
