#pragma once
#include <filesystem>

#include "core/runtime/worker.hpp"
#include "store/object/directory/files.hpp"
#include "store/object/object_store.hpp"

namespace seance::object {

// Objects as plain files under one folder, so that any web server can serve it. Keys whose first segment is
// ".meta" or ".tmp" are refused: these folders are the store's own. One file system must hold it all.
class DirectoryStore final : public ObjectStore {
  public:
    explicit DirectoryStore(std::filesystem::path root);

    Awaitable<Stored<ObjectInfo>> put_from(std::string key, BodySource& body, PutOptions options) override;
    Awaitable<Stored<std::unique_ptr<ObjectReader>>> open(std::string key) override;
    Awaitable<Stored<ObjectInfo>> head(std::string key) override;
    Awaitable<Stored<void>> remove(std::string key) override;
    Awaitable<Stored<void>> copy(std::string from, std::string to, bool is_public) override;
    Awaitable<Stored<Listing>> list(std::string prefix, std::string after, std::size_t most) override;

  private:
    template <class T, class Work>
    Awaitable<Stored<T>> on_disk(Work work);

    Folders folders_;
    Worker worker_{2};
};

}  // namespace seance::object
