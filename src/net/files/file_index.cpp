#include "net/files/file_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "core/base/hash.hpp"
#include "net/files/caching.hpp"
#include "net/files/compress.hpp"
#include "net/files/tree.hpp"
#include "net/http/render.hpp"

namespace seance::files {
namespace {

// Below this a packed form saves less than the packet it travels in.
constexpr std::size_t kLeastPacked = 256;
constexpr std::array kEncoded{Coding::Brotli, Coding::Zstd, Coding::Gzip};

// Reads a file to its end, which need not be where it was when it was found.
template <class Take>
bool read_file(const std::filesystem::path& source, Take take) {
    std::ifstream in(source, std::ios::binary);
    std::string piece(256 * 1024, '\0');
    while (in) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        take(std::string_view(piece.data(), static_cast<std::size_t>(in.gcount())));
    }
    return in.eof() && !in.bad();
}

std::string etag_of(const File& file, Coding coding) {
    // 128 bits of the hash; the form's name keeps one form's tag from standing for another's bytes.
    auto digest = std::string_view(file.digest).substr(0, 32);
    return coding == Coding::Identity ? fmt::format("\"{}\"", digest)
                                      : fmt::format("\"{}-{}\"", digest, name_of(coding));
}

}  // namespace

struct FileIndex::Builder {
    FileIndex& index;
    std::stop_token stop;
    std::int64_t now;

    void load(const FoundFile& found) {
        auto file = std::make_unique<File>();
        file->path = found.path;
        file->source = found.source;
        file->modified_ns = found.modified;
        file->type = media_type(found.path);
        file->cache_control = cache_control(found.path, index.options_.build_directory, file->type.is_page);
        file->last_modified = http::http_date(file->modified());
        file->date_is_strong = file->modified() + 1 < now;

        bool held = index.memory_ + found.size <= index.options_.memory_limit;
        auto bytes = std::make_shared<std::string>();
        if (held) bytes->reserve(found.size);
        Sha256 hash;
        bool good = read_file(found.source, [&](std::string_view piece) {
            hash.update(piece);
            file->size += piece.size();
            if (held) bytes->append(piece);
        });
        if (!good) return index.ignored_.push_back(found.path + " cannot be read");
        file->digest = hex(hash.finish());
        if (held) index.memory_ += file->size;
        add_variant(*file, Coding::Identity, held ? std::move(bytes) : nullptr);
        index.files_.push_back(std::move(file));
    }

    static void add_variant(File& file, Coding coding, std::shared_ptr<const std::string> bytes) {
        auto variant = std::make_unique<Variant>();
        variant->coding = coding;
        variant->etag = etag_of(file, coding);
        variant->bytes = std::move(bytes);
        file.variants[static_cast<std::size_t>(coding)] = std::move(variant);
    }

    // "app.js.br" beside "app.js" is a form of it, if it is as new and worth it. Costs no memory: both share
    // bytes.
    void take_siblings(File& file) {
        for (auto coding : kEncoded) {
            auto* sibling = index.find(file.path + std::string(suffix_of(coding)));
            if (sibling == nullptr || sibling->file == nullptr) continue;
            const auto& bytes = sibling->file->identity().bytes;
            if (!bytes || sibling->file->modified_ns < file.modified_ns) continue;
            if (looks_like(coding, *bytes) && is_worth_it(bytes->size(), file.size))
                add_variant(file, coding, bytes);
        }
    }

    void pack(File& file, const File* before) const {
        const auto& content = file.identity().bytes;
        if (!content || !file.type.compressible || content->size() < kLeastPacked) return;
        for (auto coding : kEncoded) {
            if (file.variant(coding) != nullptr || stop.stop_requested()) continue;
            if (before != nullptr) {
                if (auto* known = before->variant(coding)) add_variant(file, coding, known->bytes);
                continue;
            }
            auto packed = compress(coding, *content);
            if (!packed || !is_worth_it(packed->size(), content->size())) continue;
            packed->shrink_to_fit();
            add_variant(file, coding, std::make_shared<const std::string>(std::move(*packed)));
        }
    }

    // All cores, since the hardest levels take most of the time between start and the first answer.
    void pack_all(const FileIndex* previous) {
        std::unordered_map<std::string_view, const File*> known;
        if (previous != nullptr)
            for (const auto& file : previous->files_)
                if (file->identity().bytes) known.emplace(file->digest, file.get());
        std::atomic<std::size_t> next{0};
        auto work = [&] {
            for (std::size_t i = next++; i < index.files_.size() && !stop.stop_requested(); i = next++) {
                auto found = known.find(index.files_[i]->digest);
                bool same = found != known.end() && found->second->type.compressible;
                pack(*index.files_[i], same ? found->second : nullptr);
            }
        };
        std::vector<std::jthread> helpers;
        for (unsigned i = 1; i < std::thread::hardware_concurrency(); ++i) helpers.emplace_back(work);
        work();
    }

    // Encoded forms count; those that no longer fit are dropped, so that the limit holds.
    void settle(File& file) {
        for (auto coding : kEncoded) {
            auto& variant = file.variants[static_cast<std::size_t>(coding)];
            if (!variant) continue;
            auto* sibling = index.find(file.path + std::string(suffix_of(coding)));
            bool shared = sibling != nullptr && sibling->file != nullptr &&
                          sibling->file->identity().bytes == variant->bytes;
            if (shared) continue;
            if (index.memory_ + variant->bytes->size() > index.options_.memory_limit)
                variant.reset();
            else
                index.memory_ += variant->bytes->size();
        }
        auto has = [&](Coding coding) { return file.variant(coding) != nullptr; };
        file.varies = file.type.compressible || std::any_of(kEncoded.begin(), kEncoded.end(), has);
        for (auto& variant : file.variants) {
            if (!variant) continue;
            for (auto scheme : {Scheme::Plain, Scheme::Secure}) {
                auto i = static_cast<std::size_t>(scheme);
                variant->whole[i] = render_head(200, index.fields(file, *variant, scheme, 200));
                variant->not_modified[i] = render_head(304, index.fields(file, *variant, scheme, 304));
            }
        }
    }

    void name(const File& file) {
        index.entries_[file.path] = {&file, false};
        constexpr std::string_view kIndex = "/index.html";
        if (!file.path.ends_with(kIndex)) return;
        auto folder = file.path.substr(0, file.path.size() - kIndex.size());
        index.entries_[folder + "/"] = {&file, false};
        if (!folder.empty()) index.entries_[folder] = {nullptr, true};
    }
};

Outcome<std::shared_ptr<const FileIndex>> FileIndex::build(IndexOptions options, const FileIndex* previous,
                                                           std::stop_token stop) {
    auto tree = scan_tree(options.root);
    if (!tree) return tree.error();
    auto index = std::make_shared<FileIndex>();
    index->options_ = std::move(options);
    index->ignored_ = std::move(tree->ignored);
    auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    Builder builder{*index, stop, now.count()};

    // Small files first: they are the many, and what is left out is what gains least from memory.
    std::stable_sort(tree->files.begin(), tree->files.end(),
                     [](const auto& a, const auto& b) { return a.size < b.size; });
    for (const auto& found : tree->files)
        if (!stop.stop_requested()) builder.load(found);
    for (const auto& file : index->files_) builder.name(*file);
    for (const auto& file : index->files_) builder.take_siblings(*file);
    builder.pack_all(previous);
    if (stop.stop_requested()) return Problem{"reading the files was broken off"};
    for (const auto& file : index->files_) builder.settle(*file);
    if (auto* entry = index->find(index->options_.fallback)) index->fallback_ = entry->file;
    return std::shared_ptr<const FileIndex>(std::move(index));
}

const FileIndex::Entry* FileIndex::find(std::string_view path) const {
    auto found = entries_.find(path);
    return found == entries_.end() ? nullptr : &found->second;
}

http::Fields FileIndex::fields(const File& file, const Variant& variant, Scheme scheme, int status,
                               std::optional<ByteRange> range) const {
    http::Fields fields;
    if (status != 304) {
        fields.add("Content-Type", file.type.name);
        if (variant.coding != Coding::Identity) fields.add("Content-Encoding", name_of(variant.coding));
        auto length = range ? range->length : variant.bytes ? variant.bytes->size() : file.size;
        fields.add("Content-Length", std::to_string(length));
        if (range)
            fields.add("Content-Range", fmt::format("bytes {}-{}/{}", range->offset,
                                                    range->offset + range->length - 1, file.size));
        fields.add("Accept-Ranges", "bytes");
        fields.add("Last-Modified", file.last_modified);
    }
    fields.add("ETag", variant.etag);
    fields.add("Cache-Control", file.cache_control);
    if (file.varies) fields.add("Vary", "Accept-Encoding");
    auto common = common_fields(scheme);
    for (const auto& [name, value] : common.all()) fields.add(name, value);
    if (file.type.is_page)
        for (const auto& [name, value] : options_.page_fields.all()) fields.add(name, value);
    return fields;
}

http::Fields FileIndex::common_fields(Scheme scheme) const {
    http::Fields fields = options_.fields;
    if (scheme == Scheme::Secure)
        for (const auto& [name, value] : options_.secure_fields.all()) fields.add(name, value);
    return fields;
}

std::string render_head(int status, const http::Fields& fields) {
    std::string head;
    http::append_status_line(head, status);
    http::append_fields(head, fields);
    return head;
}

}  // namespace seance::files
