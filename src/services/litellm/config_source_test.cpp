#include "services/litellm/config_source.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <fstream>

#include "core/observe/log.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::litellm {
namespace {

// What is logged while it lives.
class Log {
  public:
    Log() : stdout_(::dup(STDOUT_FILENO)) {
        observe::flush();
        EXPECT_EQ(::pipe2(ends_.data(), O_NONBLOCK), 0);
        ::dup2(ends_[1], STDOUT_FILENO);
    }
    ~Log() {
        observe::flush();
        ::dup2(stdout_, STDOUT_FILENO);
        for (int fd : {stdout_, ends_[0], ends_[1]}) ::close(fd);
    }

    // Without the log's own wait for more lines.
    void wait_for(std::string_view event) {
        std::array<char, 4096> some;
        while (seen_.find(event) == std::string::npos) {
            observe::flush();
            const auto size = ::read(ends_[0], some.data(), some.size());
            if (size > 0) seen_.append(some.data(), static_cast<std::size_t>(size));
        }
    }

  private:
    int stdout_;
    std::array<int, 2> ends_{};
    std::string seen_;
};

void write_config(const std::string& path, std::size_t deployments) {
    std::ofstream file(path);
    file << "model_list:\n";
    for (std::size_t i = 0; i < deployments; ++i)
        file << "  - { model_name: m" << i << ", litellm_params: { model: openai/x, api_key: k } }\n";
}

}  // namespace

TEST(ConfigSource, TellsOfAConfigurationOnceItIsInForce) {
    constexpr std::size_t kMany = 1000;  // which it takes a while to look at and tell of
    testing_support::TemporaryFolder folder;
    Settings settings;
    settings.config_path = (folder.path() / "config.yaml").string();
    write_config(settings.config_path, 1);
    auto source = ConfigSource::open(settings).value();
    asio::io_context loop{1};
    std::size_t taken = 0;
    auto subscription = source->subscribe(loop.get_executor(), [&](const ConfigSource::Models& models) {
        taken = models->config().deployments.size();
    });
    write_config(settings.config_path, kMany);
    Log log;

    source->reload(ConfigSource::Cause::Asked);
    log.wait_for("config_reloaded");
    loop.poll();

    EXPECT_EQ(taken, kMany);
    log.wait_for("gateway_configured");
}

}  // namespace seance::litellm
