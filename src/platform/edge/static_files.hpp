#pragma once
#include <memory>
#include <string>

#include "net/http/server.hpp"
#include "store/object/object_store.hpp"

namespace seance::edge {

// Serves a folder of objects over GET and HEAD, as a CDN in front of the object store does in production:
// with content type and cache control as stored, readable from any origin.
class StaticFiles {
  public:
    explicit StaticFiles(const std::string& folder);
    ~StaticFiles();
    Awaitable<void> answer(http::Exchange& exchange);

  private:
    std::unique_ptr<object::ObjectStore> store_;
};

}  // namespace seance::edge
