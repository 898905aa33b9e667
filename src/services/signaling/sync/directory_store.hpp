#pragma once
#include <filesystem>
#include <memory>

#include "services/signaling/sync/document_log.hpp"
#include "services/signaling/sync/settings.hpp"

namespace seance::signaling::sync {

// A file for each room, named after the hash of its name. What append() has returned for survives the death
// of the program; that of the machine as Fsync says.
class DirectoryStore final : public DocumentStore {
  public:
    // Throws config::Unusable with a sentence if the directory cannot be made or written to.
    DirectoryStore(const std::filesystem::path& directory, Fsync fsync, Duration ttl);
    ~DirectoryStore() override;

    std::unique_ptr<DocumentLog> open(const std::string& room) override;
    Awaitable<void> flush() override;
    Awaitable<void> sweep() override;

  private:
    class Log;
    struct Shared;
    std::shared_ptr<Shared> shared_;  // with logs that are closed after their store
};

}  // namespace seance::signaling::sync
