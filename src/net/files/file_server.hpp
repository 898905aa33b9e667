#pragma once
#include <memory>

#include "net/files/answer.hpp"
#include "net/http/server.hpp"

namespace seance::files {

// Answers requests of one loop from an index. Made for a loop and used on it alone; the index is shared by
// all.
class FileServer {
  public:
    explicit FileServer(std::shared_ptr<const FileIndex> index) { replace(std::move(index)); }

    // From the next request on; what is being sent goes on from the index it began with.
    void replace(std::shared_ptr<const FileIndex> index);
    const FileIndex& index() const { return *index_; }

    Awaitable<void> serve(http::Exchange& exchange) const;

  private:
    struct FromDisk;
    std::unique_ptr<FromDisk> answer(http::Exchange& exchange) const;  // what is left to do, if anything

    std::shared_ptr<const FileIndex> index_;
};

// The page for `status` with the index's own fields.
http::Response error_page(http::Exchange& exchange, int status, const http::Fields& fields);

}  // namespace seance::files
