#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/runtime/awaitable.hpp"
#include "services/litellm/domain/model_table.hpp"
#include "services/litellm/settings.hpp"

namespace seance::litellm {

// Where the loops of a process get their configuration from. It is read and judged on a thread of its own,
// then handed to each loop by message, which takes it over between two requests; requests under way keep the
// one they began with. A configuration that is refused changes nothing.
class ConfigSource {
  public:
    using Models = std::shared_ptr<const ModelTable>;

    // Reads it for the first time; the problem says why there is none.
    static Outcome<std::unique_ptr<ConfigSource>> open(const Settings& settings);
    ~ConfigSource();

    Models current() const;

    // What a loop does with a new configuration, while the subscription lives; null if one was refused, which
    // may have read other files.
    class Subscription;
    std::unique_ptr<Subscription> subscribe(Executor executor, std::function<void(Models)> take);

    enum class Cause { Asked, FileChanged };
    // At once from any thread; the rest follows. A changed file whose text is the same is no change.
    void reload(Cause cause);

    std::optional<std::string> problem() const;  // why the last one was refused, until one is taken
    std::vector<std::string> files() const;      // that were read, or could not be

  private:
    explicit ConfigSource(const Settings& settings) : settings_(settings) {}
    struct Read;
    Read read() const;
    void work(Cause cause);
    void refuse(Cause cause, const std::string& problem);
    void hand_out(const Models& models);

    const Settings settings_;
    mutable std::mutex mutex_;  // never held on the path of a request
    Models current_;
    std::string text_hash_;
    std::vector<std::string> files_;
    std::optional<std::string> problem_;
    std::list<Subscription*> subscriptions_;
    bool working_ = false;
    std::optional<Cause> again_;
    std::jthread worker_;
};

class ConfigSource::Subscription {
  public:
    Subscription(ConfigSource& source, Executor executor, std::function<void(Models)> take);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

  private:
    friend class ConfigSource;
    ConfigSource& source_;
    Executor executor_;
    std::shared_ptr<std::function<void(Models)>> take_;
};

// Tells the log what is wrong with the configuration and which models are disabled: of one that takes the
// place of another what is new, and how much there is in all.
void announce(const ModelTable& models, const Settings& settings, const ModelTable* before = nullptr);

}  // namespace seance::litellm
