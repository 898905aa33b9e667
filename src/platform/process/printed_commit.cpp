#include "platform/process/printed_commit.hpp"

#include "core/base/hash.hpp"
#include "core/base/text.hpp"
#include "core/runtime/wait.hpp"

namespace seance::process {

namespace {

// A program that does not know --version may go on for ever.
constexpr std::size_t kMostOutput = 4096;

Awaitable<Result<std::string>> read_output(Child& child) {
    std::string output;
    char piece[512];
    while (output.size() < kMostOutput) {
        const auto n = co_await child.read_some(piece);
        if (n == 0) break;
        output.append(piece, n);
    }
    const auto exit = co_await child.wait();
    co_return exit.success() ? output : std::string{};
}

}  // namespace

std::string printed_commit(std::string_view output) {
    const auto text = trim(output);
    const auto word = text.substr(text.find_last_of(" \n") + 1);
    return word.size() >= 7 && word.size() <= 40 && is_hex(word, word.size()) ? std::string(word)
                                                                              : std::string();
}

Awaitable<std::string> ask_commit(Launch launch, Duration limit) {
    launch.args = {"--version"};
    launch.errors = Errors::Discarded;
    auto executor = co_await asio::this_coro::executor;
    auto child = Child::start(executor, launch);
    if (!child) co_return std::string{};
    auto output = co_await with_deadline(limit, read_output(**child));
    co_return output ? printed_commit(*output) : std::string{};
}

}  // namespace seance::process
