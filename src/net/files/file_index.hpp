#pragma once
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text_map.hpp"
#include "net/files/conditions.hpp"
#include "net/files/encoding.hpp"
#include "net/files/media_type.hpp"
#include "net/files/range.hpp"
#include "net/http/message.hpp"

namespace seance::files {

struct IndexOptions {
    std::filesystem::path root = {};
    std::uint64_t memory_limit = 64 << 20;  // of contents and encoded forms; larger files are sent from disk
    std::string build_directory = "/assets/";  // whose names carry hashes and are never routes
    std::string fallback = "/index.html";      // the page of a single-page site; "" for none
    http::Fields fields = {};                  // on every response
    http::Fields page_fields = {};             // on HTML
    http::Fields secure_fields = {};           // on every response to a request that came over https
};

// How a request came to the platform's edge: heads are rendered for both.
enum class Scheme : std::size_t { Plain, Secure };

// One form of a file, with the heads of its answers (see http::PreparedResponse).
struct Variant {
    Coding coding = Coding::Identity;
    std::string etag;
    std::shared_ptr<const std::string> bytes;        // none: on disk
    std::array<std::string, 2> whole, not_modified;  // by Scheme

    const std::string& whole_head(Scheme scheme) const { return whole[static_cast<std::size_t>(scheme)]; }
    const std::string& not_modified_head(Scheme scheme) const {
        return not_modified[static_cast<std::size_t>(scheme)];
    }
};

struct File {
    std::string path;
    std::filesystem::path source;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    MediaType type;
    std::string digest;  // of the content, hex
    std::string last_modified;
    std::string_view cache_control;
    bool date_is_strong = false;
    bool varies = false;                                      // by Accept-Encoding
    std::array<std::unique_ptr<Variant>, kCodings> variants;  // Identity always

    const Variant* variant(Coding coding) const { return variants[static_cast<std::size_t>(coding)].get(); }
    const Variant& identity() const { return *variant(Coding::Identity); }
    UnixSeconds modified() const { return modified_ns / 1'000'000'000; }
    Validators validators(const Variant& of) const { return {of.etag, modified(), date_is_strong}; }
};

// A directory tree as it was when it was read: immutable, shared by all loops, swapped whole on reload.
class FileIndex {
  public:
    // Reads, hashes, packs and renders everything; work for a thread of its own once the service runs.
    // Encoded forms of files that `previous` holds with the same content are taken from there. Stops early,
    // with a problem, when asked to.
    static Outcome<std::shared_ptr<const FileIndex>> build(IndexOptions options,
                                                           const FileIndex* previous = nullptr,
                                                           std::stop_token stop = {});

    struct Entry {
        const File* file = nullptr;  // what is sent, or
        bool redirects = false;      // a folder with an index.html, named without its final slash
    };
    const Entry* find(std::string_view path) const;
    const File* fallback() const { return fallback_; }
    const IndexOptions& options() const { return options_; }

    // The fields of a file's answer, but for Date and Connection. Status 200, 206 (with `range`) or 304.
    http::Fields fields(const File& file, const Variant& variant, Scheme scheme, int status,
                        std::optional<ByteRange> range = {}) const;
    // The fields of every other answer: the configured ones.
    http::Fields common_fields(Scheme scheme) const;

    std::size_t size() const { return files_.size(); }
    std::uint64_t memory() const { return memory_; }
    const std::vector<std::string>& ignored() const { return ignored_; }

  private:
    struct Builder;

    IndexOptions options_;
    std::vector<std::unique_ptr<File>> files_;
    TextMap<Entry> entries_;
    const File* fallback_ = nullptr;
    std::uint64_t memory_ = 0;
    std::vector<std::string> ignored_;
};

// "HTTP/1.1 200 OK\r\n" and the fields, without the blank line.
std::string render_head(int status, const http::Fields& fields);

}  // namespace seance::files
