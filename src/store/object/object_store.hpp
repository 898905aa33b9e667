#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/awaitable.hpp"
#include "store/object/failure.hpp"

namespace seance::object {

struct PutOptions {
    std::string content_type = "application/octet-stream";
    std::string cache_control;  // "" = none
    bool is_public = false;     // anyone may read it
};

struct ObjectInfo {
    std::string key;
    std::uint64_t size = 0;
    std::string content_type;   // "" in listings
    std::string cache_control;  // "" in listings
    std::string etag;           // opaque, with quotes; never the check of the content
    std::chrono::system_clock::time_point modified;
};

// Where the bytes of an object to be stored come from, piece by piece.
class BodySource {
  public:
    virtual ~BodySource() = default;
    virtual Awaitable<Stored<std::string_view>> read() = 0;  // good until the next call; empty at the end
};

// The bytes of a stored object on their way out. Destroy it before its store.
class ObjectReader {
  public:
    virtual ~ObjectReader() = default;
    virtual const ObjectInfo& info() const = 0;
    virtual Awaitable<Stored<std::string_view>> read() = 0;  // good until the next call; empty at the end
};

struct Listing {
    std::vector<ObjectInfo> objects;  // by key, ascending
    std::string next;                 // give it to the next call; "" at the end
};

// For health answers: what the last call that reached the store found.
struct StoreState {
    std::string_view kind;  // "directory", "s3"
    bool used = false;      // any call has ended yet
    bool well = true;
    std::chrono::system_clock::time_point since;  // when `well` last changed
    std::string last_error;
};

// Objects by key (key.hpp says which keys are good). A put is seen whole or not at all. Used on one loop;
// views and references given to a call must stay good until it has ended.
class ObjectStore {
  public:
    virtual ~ObjectStore() = default;

    virtual Awaitable<Stored<ObjectInfo>> put_from(std::string key, BodySource& body, PutOptions options) = 0;
    Awaitable<Stored<ObjectInfo>> put(std::string key, std::string_view body, PutOptions options);

    virtual Awaitable<Stored<std::unique_ptr<ObjectReader>>> open(std::string key) = 0;
    Awaitable<Stored<std::string>> get(std::string key, std::uint64_t most);  // TooLarge above `most` bytes

    virtual Awaitable<Stored<ObjectInfo>> head(std::string key) = 0;
    virtual Awaitable<Stored<void>> remove(std::string key) = 0;  // of what is absent: success
    // Replaces `to` by what `from` is, at once, with its content type and cache control.
    virtual Awaitable<Stored<void>> copy(std::string from, std::string to, bool is_public) = 0;
    // Up to `most` (1 to 1000) objects whose keys begin with `prefix`.
    virtual Awaitable<Stored<Listing>> list(std::string prefix, std::string after,
                                            std::size_t most = 1000) = 0;

    const StoreState& state() const { return state_; }

  protected:
    explicit ObjectStore(std::string_view kind) { state_.kind = kind; }

    // Every implementation tells each outcome that says something about the store's health.
    void note_success();
    void note(const Failure& failure);

  private:
    StoreState state_;
};

}  // namespace seance::object
