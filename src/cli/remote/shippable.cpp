#include "cli/remote/shippable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace seance::cli {

namespace {

// By name before its version: "python3.11" is python.
constexpr std::array<std::string_view, 14> kInterpreters{"python", "node", "nodejs", "ruby", "perl",
                                                         "php",    "java", "bash",   "sh",   "dash",
                                                         "deno",   "bun",  "dotnet", "env"};

bool is_interpreter(std::string_view name) {
    const auto end = name.find_last_not_of("0123456789.");
    const auto plain = name.substr(0, end == std::string_view::npos ? 0 : end + 1);
    return std::find(kInterpreters.begin(), kInterpreters.end(), plain) != kInterpreters.end();
}

// Nothing if it cannot be read.
std::optional<bool> is_elf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    char start[4] = {};
    if (!file.read(start, sizeof start)) return file.eof() ? std::optional(false) : std::nullopt;
    return std::string_view(start, sizeof start) ==
           "\x7f"
           "ELF";
}

}  // namespace

std::optional<Unshippable> unshippable(const stack::Stack& stack, const stack::Service& service,
                                       const std::string& program) {
    std::error_code none;
    if (!service.image.empty() || !std::filesystem::is_regular_file(program, none)) return std::nullopt;
    const auto elf = is_elf(program);
    Unshippable made;
    if (elf && !*elf)
        made.finding = fmt::format("{} is no compiled program (ELF) but a script or the like", program);
    else if (is_interpreter(std::filesystem::path(program).filename().string()))
        made.finding = fmt::format(
            "{} is an interpreter: an image of it alone has neither its modules nor what it runs", program);
    else
        return std::nullopt;
    made.fix = fmt::format(
        "seance makes images of compiled programs alone. Build and push one of {0} yourself, and write "
        "\"image: {1}/{2}-{0}:1\"{3}; `program` goes on to be what runs here. Or keep a "
        "deploy/docker/Dockerfile and give --builder docker",
        service.name, stack.registry, stack.project,
        service.source.empty() ? "" : fmt::format(" in place of \"source: {}\"", service.source));
    return made;
}

}  // namespace seance::cli
