#include "platform/images/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"

namespace seance::images {
namespace {

constexpr std::size_t kMostMessage = 300;

Awaitable<Result<process::ExitStatus>> run_to_end(process::Child& child,
                                                  std::function<void(std::string_view)> line) {
    co_await child.read_lines(std::move(line));
    co_return co_await child.wait();
}

}  // namespace

std::map<std::string, std::string> own_environment() {
    std::map<std::string, std::string> out;
    for (char** at = ::environ; *at != nullptr; ++at) {
        std::string_view pair(*at);
        auto equals = pair.find('=');
        if (equals != std::string_view::npos) out.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return out;
}

Awaitable<Attempt<CommandResult>> run_command(process::Launch launch, Duration limit,
                                              std::function<void(std::string_view)> line) {
    auto executor = co_await asio::this_coro::executor;
    auto child = process::Child::start(executor, launch);
    if (!child) {
        Failure failure{FailureKind::User, child.error().what};
        co_return failure;
    }
    CommandResult result;
    std::function<void(std::string_view)> keep = [&result, &line](std::string_view text) {
        result.output.append(text).push_back('\n');
        if (result.output.size() > 2 * kMostOutput)
            result.output.erase(0, result.output.size() - kMostOutput);
        if (line) line(text);
    };
    auto status = co_await with_deadline(limit, run_to_end(**child, std::move(keep)));
    if (!status) {
        Failure failure{
            FailureKind::Unreachable,
            fmt::format("{} did not end within {}", std::filesystem::path(launch.program).filename().string(),
                        print_duration(limit))};
        co_return failure;
    }
    result.status = *status;
    if (result.output.size() > kMostOutput) result.output.erase(0, result.output.size() - kMostOutput);
    co_return result;
}

std::string one_line(std::string_view text) {
    std::string out;
    for (char c : trim(text)) {
        if (out.size() == kMostMessage) return out + "…";
        auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f)
            out.push_back(c);
        else if (!out.ends_with(' '))
            out.push_back(' ');
    }
    return is_utf8(out) ? out : "(not readable as text)";
}

}  // namespace seance::images
