#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace seance::litellm {

// One file of a spool, mapped into memory: a header with the place up to which entries are delivered, then
// entries with a checksum. An entry counts once its size is written, which is last.
class SpoolSegment {
  public:
    static std::shared_ptr<SpoolSegment> create(const std::string& path, std::size_t size,
                                                std::string& problem);
    static std::shared_ptr<SpoolSegment> open(const std::string& path);  // null: not a segment
    ~SpoolSegment();
    SpoolSegment(const SpoolSegment&) = delete;
    SpoolSegment& operator=(const SpoolSegment&) = delete;

    static std::size_t size_of(std::string_view operations, std::string_view record);

    struct Entry {
        std::uint64_t number;
        std::string_view operations, record;
        std::size_t next;  // where the one after it begins
    };

    bool append(std::uint64_t number, std::string_view operations, std::string_view record);
    std::optional<Entry> at(std::size_t place) const;  // nothing: the end, or torn by a failing machine
    std::size_t first() const;                         // the oldest that is not delivered
    void deliver_up_to(std::size_t place);
    std::size_t size() const { return size_; }
    void remove();
    // On any thread while the loop uses it: puts it on disk, "" or the sentence that says why it is not; and
    // takes it out of this process' memory until it is read.
    std::string sync() const;
    void leave_memory() const;

  private:
    SpoolSegment() = default;
    std::string path_;
    int file_ = -1;
    char* memory_ = nullptr;
    std::size_t size_ = 0, end_ = 0;
};

}  // namespace seance::litellm
