#pragma once
#include <memory>
#include <string>

#include "core/runtime/loop.hpp"
#include "services/signaling/sync/document_log.hpp"
#include "store/valkey/client.hpp"

namespace seance::signaling::sync {

// Two keys for each room, shared by all replicas: a stream that updates are appended to, and a hash with what
// the stream was last compacted into ("data") and up to which entry ("upto"), and when it began ("epoch").
// Both expire when nobody has opened or written the document for its time. How durable it is is Valkey's own
// configuration.
class ValkeyStore final : public DocumentStore {
  public:
    ValkeyStore(Loop& loop, const valkey::Address& address, std::string prefix, Duration ttl,
                std::size_t most_document);
    ~ValkeyStore() override;

    std::unique_ptr<DocumentLog> open(const std::string& room) override;
    Awaitable<void> flush() override;  // nothing to do: each append() has waited for Valkey
    Awaitable<void> sweep() override;  // nor here: keys expire

  private:
    class Log;
    struct Shared;
    std::shared_ptr<Shared> shared_;  // with logs that are closed after their store
};

}  // namespace seance::signaling::sync
