#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "platform/images/layer.hpp"

namespace seance::images {

// A file that is put into an image, or a folder with all that is in it.
struct ImageFile {
    std::string source;       // on this machine
    std::string destination;  // absolute, in the image: a file's path, or what the folder becomes
};

// What the image of one service holds and how it starts. This is all a builder is told about a service.
struct ImageSpec {
    std::string name;                           // "backend": its title, and SERVICE of the Dockerfile
    std::string program;                        // the built program; in the image /usr/bin/<its file name>
    std::vector<std::string> args;              // Cmd: what a platform may replace
    std::vector<ImageFile> files;               // configuration, web pages
    std::map<std::string, std::string> env;     // over the defaults: SSL_CERT_FILE
    std::uint16_t port = 0;                     // exposed, TCP; 0: none
    std::map<std::string, std::string> labels;  // beside org.opencontainers.image.*
    std::string stop_signal = "SIGTERM";
    // `program --version` ends with the commit it was built from: an image under another commit is refused.
    bool prints_commit = false;
};

// The commit that an image is made from.
struct Commit {
    std::string revision;   // the whole hash
    std::int64_t time = 0;  // seconds since 1970; all times in the image are this one
    std::string source;     // address of the repository, for a label; "" leaves it out

    std::string tag() const { return revision.substr(0, 7); }
};

// An image that is whole, in memory.
struct Image {
    std::string name;
    std::vector<Blob> layers;  // the lowest first
    Blob config;               // its digest is the image's id
    Blob manifest;             // its digest is what a tag points to

    const std::string& digest() const { return manifest.digest; }
    std::uint64_t compressed_size() const;
};

// The user that programs run as in an image: neither root nor anybody of the host.
inline constexpr std::string_view kUser = "65532:65532";
inline constexpr std::string_view kCertificates = "/etc/ssl/certs/ca-certificates.crt";

// Where the program is in its image.
std::string program_path(const ImageSpec& spec);

// org.opencontainers.image.* and the spec's own, which win.
std::map<std::string, std::string> labels_of(const ImageSpec& spec, const Commit& commit);

// The configuration and manifest over these layers: the same input gives the same bytes.
Image assemble(const ImageSpec& spec, const Commit& commit, const std::string& architecture,
               const std::vector<Layer>& layers);

}  // namespace seance::images
