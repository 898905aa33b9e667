#include "services/litellm/ledger/spool_segment.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <cstring>

namespace seance::litellm {
namespace {

constexpr char kMagic[8] = {'S', 'E', 'A', 'N', 'C', 'E', 'W', '1'};
constexpr std::size_t kHeader = 64;  // magic, then the place of the first entry that is not delivered

struct EntryHead {
    std::uint32_t size;  // of the whole entry with this head, a multiple of 8; 0: none yet
    std::uint32_t checksum;
    std::uint64_t number;
    std::uint32_t operations, record;  // bytes
};
static_assert(sizeof(EntryHead) == 24);

std::uint32_t checksum_of(std::uint64_t number, std::string_view operations, std::string_view record) {
    auto sum = crc32(0, reinterpret_cast<const Bytef*>(&number), sizeof number);
    sum = crc32(sum, reinterpret_cast<const Bytef*>(operations.data()), static_cast<uInt>(operations.size()));
    return static_cast<std::uint32_t>(
        crc32(sum, reinterpret_cast<const Bytef*>(record.data()), static_cast<uInt>(record.size())));
}

std::uint64_t& place_in(char* memory) {
    return *reinterpret_cast<std::uint64_t*>(memory + sizeof kMagic);
}

}  // namespace

std::shared_ptr<SpoolSegment> SpoolSegment::create(const std::string& path, std::size_t size,
                                                   std::string& problem) {
    std::shared_ptr<SpoolSegment> segment(new SpoolSegment);
    segment->path_ = path;
    segment->file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (segment->file_ < 0) {
        problem = fmt::format("{} cannot be made: {}", path, std::strerror(errno));
        return nullptr;
    }
    // Room is taken now: a full disk is an error here, not a crash at the first write.
    if (int code = posix_fallocate(segment->file_, 0, static_cast<off_t>(size)); code != 0) {
        problem = fmt::format("there is no room for {}: {}", path, std::strerror(code));
        segment->remove();
        return nullptr;
    }
    auto memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, segment->file_, 0);
    if (memory == MAP_FAILED) {
        problem = fmt::format("{} cannot be mapped: {}", path, std::strerror(errno));
        segment->remove();
        return nullptr;
    }
    segment->memory_ = static_cast<char*>(memory);
    segment->size_ = size;
    segment->end_ = kHeader;
    std::memcpy(segment->memory_, kMagic, sizeof kMagic);
    place_in(segment->memory_) = kHeader;
    return segment;
}

std::shared_ptr<SpoolSegment> SpoolSegment::open(const std::string& path) {
    std::shared_ptr<SpoolSegment> segment(new SpoolSegment);
    segment->path_ = path;
    segment->file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    struct stat about {};
    if (segment->file_ < 0 || fstat(segment->file_, &about) != 0 ||
        about.st_size < static_cast<off_t>(kHeader))
        return nullptr;
    segment->size_ = static_cast<std::size_t>(about.st_size);
    auto memory = mmap(nullptr, segment->size_, PROT_READ | PROT_WRITE, MAP_SHARED, segment->file_, 0);
    if (memory == MAP_FAILED) return nullptr;
    segment->memory_ = static_cast<char*>(memory);
    auto place = place_in(segment->memory_);
    if (std::memcmp(segment->memory_, kMagic, sizeof kMagic) != 0 || place < kHeader ||
        place > segment->size_ || place % 8 != 0)
        return nullptr;
    segment->end_ = place;
    while (auto entry = segment->at(segment->end_)) segment->end_ = entry->next;
    return segment;
}

SpoolSegment::~SpoolSegment() {
    if (memory_) munmap(memory_, size_);
    if (file_ >= 0) close(file_);
}

std::size_t SpoolSegment::size_of(std::string_view operations, std::string_view record) {
    return (sizeof(EntryHead) + operations.size() + record.size() + 7) / 8 * 8;
}

bool SpoolSegment::append(std::uint64_t number, std::string_view operations, std::string_view record) {
    auto size = size_of(operations, record);
    if (size > size_ - end_) return false;
    auto* head = reinterpret_cast<EntryHead*>(memory_ + end_);
    auto* body = memory_ + end_ + sizeof(EntryHead);
    std::memcpy(body, operations.data(), operations.size());
    std::memcpy(body + operations.size(), record.data(), record.size());
    head->checksum = checksum_of(number, operations, record);
    head->number = number;
    head->operations = static_cast<std::uint32_t>(operations.size());
    head->record = static_cast<std::uint32_t>(record.size());
    std::atomic_ref(head->size).store(static_cast<std::uint32_t>(size), std::memory_order_release);
    end_ += size;
    return true;
}

std::optional<SpoolSegment::Entry> SpoolSegment::at(std::size_t place) const {
    if (place + sizeof(EntryHead) > size_) return std::nullopt;
    auto* head = reinterpret_cast<const EntryHead*>(memory_ + place);
    std::size_t size = head->size;
    if (size < sizeof(EntryHead) || size > size_ - place ||
        std::size_t{head->operations} + head->record > size - sizeof(EntryHead))
        return std::nullopt;
    std::string_view operations(memory_ + place + sizeof(EntryHead), head->operations);
    std::string_view record(operations.data() + operations.size(), head->record);
    if (head->checksum != checksum_of(head->number, operations, record)) return std::nullopt;
    return Entry{head->number, operations, record, place + size};
}

std::size_t SpoolSegment::first() const {
    return place_in(memory_);
}

void SpoolSegment::deliver_up_to(std::size_t place) {
    std::atomic_ref(place_in(memory_)).store(place, std::memory_order_release);
}

void SpoolSegment::remove() {
    unlink(path_.c_str());
}

std::string SpoolSegment::sync() const {
    if (!memory_ || msync(memory_, size_, MS_SYNC) == 0) return "";
    return fmt::format("{} cannot be put on disk: {}", path_, std::strerror(errno));
}

// Of a file that is mapped nothing is lost by it: it is read again where it is looked at.
void SpoolSegment::leave_memory() const {
    if (memory_) madvise(memory_, size_, MADV_DONTNEED);
}

}  // namespace seance::litellm
