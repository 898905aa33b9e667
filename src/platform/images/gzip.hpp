#pragma once
#include <functional>
#include <memory>
#include <string_view>

namespace seance::images {

using Sink = std::function<void(std::string_view)>;

// One gzip stream (RFC 1952) that is the same for the same input: no time, name or system in its header, one
// level. Another version of zlib may compress differently; docs/images.md says what follows from it.
class GzipWriter {
  public:
    explicit GzipWriter(Sink sink);
    ~GzipWriter();
    GzipWriter(const GzipWriter&) = delete;
    GzipWriter& operator=(const GzipWriter&) = delete;

    void write(std::string_view data);
    void finish();  // once

  private:
    struct State;
    void deflate(std::string_view data, int flush);

    Sink sink_;
    std::unique_ptr<State> state_;
};

}  // namespace seance::images
