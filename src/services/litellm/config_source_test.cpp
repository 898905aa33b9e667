#include "services/litellm/config_source.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>

#include "core/observe/log.hpp"
#include "tests/support/temporary_folder.hpp"

namespace seance::litellm {
namespace {

// What is logged while it lives, in a file: a pipe that nobody has emptied yet would lose lines.
class Log {
  public:
    explicit Log(const std::filesystem::path& path)
        : stdout_(::dup(STDOUT_FILENO)),
          file_(::open(path.c_str(), O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600)) {
        observe::flush();
        ::dup2(file_, STDOUT_FILENO);
    }
    ~Log() {
        observe::flush();
        ::dup2(stdout_, STDOUT_FILENO);
        for (int fd : {stdout_, file_}) ::close(fd);
    }

    // Without the log's own wait for more lines.
    void wait_for(std::string_view event) {
        std::array<char, 4096> some;
        while (seen_.find(event) == std::string::npos) {
            observe::flush();
            auto size = ::pread(file_, some.data(), some.size(), static_cast<off_t>(seen_.size()));
            if (size > 0) seen_.append(some.data(), static_cast<std::size_t>(size));
        }
    }

  private:
    int stdout_, file_;
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
    Log log(folder.path() / "log");

    source->reload(ConfigSource::Cause::Asked);
    log.wait_for("config_reloaded");
    loop.poll();

    EXPECT_EQ(taken, kMany);
    log.wait_for("gateway_configured");
}

}  // namespace seance::litellm
