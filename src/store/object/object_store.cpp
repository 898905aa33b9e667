#include "store/object/object_store.hpp"

#include <fmt/format.h>

namespace seance::object {
namespace {

class MemorySource final : public BodySource {
  public:
    explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
    Awaitable<Stored<std::string_view>> read() override { co_return std::exchange(bytes_, {}); }

  private:
    std::string_view bytes_;
};

}  // namespace

Awaitable<Stored<ObjectInfo>> ObjectStore::put(std::string key, std::string_view body, PutOptions options) {
    MemorySource source(body);
    co_return co_await put_from(std::move(key), source, std::move(options));
}

Awaitable<Stored<std::string>> ObjectStore::get(std::string key, std::uint64_t most) {
    auto reader = co_await open(key);
    if (!reader) co_return reader.error();
    auto size = (*reader)->info().size;
    if (size > most)
        co_return Failure{Reason::TooLarge,
                          fmt::format("{} has {} bytes; at most {} are taken", key, size, most)};
    std::string whole;
    whole.reserve(size);
    while (true) {
        auto piece = co_await (*reader)->read();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return whole;
        if (whole.size() + piece->size() > most)
            co_return Failure{Reason::TooLarge, fmt::format("{} has more than {} bytes", key, most)};
        whole += *piece;
    }
}

void ObjectStore::note_success() {
    if (!state_.used || !state_.well) state_.since = std::chrono::system_clock::now();
    state_.used = state_.well = true;
}

void ObjectStore::note(const Failure& failure) {
    // What is wrong with a key or a body says nothing about the store.
    if (failure.reason == Reason::NotFound) return note_success();
    if (failure.reason == Reason::BadKey || failure.reason == Reason::BadSource ||
        failure.reason == Reason::TooLarge)
        return;
    if (!state_.used || state_.well) state_.since = std::chrono::system_clock::now();
    state_.used = true;
    state_.well = false;
    state_.last_error = failure.what;
}

}  // namespace seance::object
