#pragma once
#include <future>
#include <map>
#include <mutex>

#include "platform/images/image.hpp"
#include "platform/images/libraries.hpp"

namespace seance::images {

struct NativeOptions {
    std::string certificates{kCertificates};  // this machine's CA certificates
    std::string architecture = "amd64";       // what the platform pulls; other programs are refused
    std::vector<std::string> library_folders = images::library_folders();
};

// Makes images in this process from programs that are built. From the lowest layer up:
//   1. the C and C++ runtime, TLS, CA certificates, /etc/passwd, /tmp: the same in nearly every image
//   2. the other shared libraries that the program needs; left out if there are none
//   3. the program and its files
// A layer that was made once is kept and shared. Blocks and computes: call build() on a worker; any number of
// threads may.
class NativeImages {
  public:
    explicit NativeImages(NativeOptions options = {}) : options_(std::move(options)) {}

    Outcome<Image> build(const ImageSpec& spec, const Commit& commit);

  private:
    Outcome<Layer> shared_layer(std::vector<LayerEntry> entries);

    NativeOptions options_;
    std::mutex mutex_;
    std::map<std::string, std::shared_future<Outcome<Layer>>> layers_;  // by what they are made of
};

// The entries of a spec's own layer: its program, and its files with folders taken apart.
Outcome<std::vector<LayerEntry>> own_entries(const ImageSpec& spec);

}  // namespace seance::images
