#include "platform/images/native_images.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace seance::images {
namespace {

namespace fs = std::filesystem;

// A library layer is the same for every commit.
constexpr std::int64_t kNoTime = 0;

// By name before ".so": what nearly every program of ours needs. A fixed list, so that one image's layers do
// not depend on which others are built with it.
constexpr std::array<std::string_view, 7> kRuntime{
    "ld-linux-x86-64", "libc", "libcrypto", "libgcc_s", "libm", "libssl", "libstdc++"};

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/sbin/nologin\n"
    "nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n";
constexpr const char* kGroup = "root:x:0:\nnonroot:x:65532:\n";
constexpr const char* kNameService = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n";

bool is_runtime(std::string_view library) {
    auto stem = library.substr(0, library.find(".so"));
    return std::find(kRuntime.begin(), kRuntime.end(), stem) != kRuntime.end();
}

LayerEntry text_file(std::string path, std::string content) {
    return {std::move(path), 0444, {}, std::move(content), false};
}

std::vector<LayerEntry> base_entries(const std::string& certificates) {
    std::vector<LayerEntry> entries;
    entries.push_back(text_file("etc/passwd", kPasswd));
    entries.push_back(text_file("etc/group", kGroup));
    entries.push_back(text_file("etc/nsswitch.conf", kNameService));
    entries.push_back({"tmp", 01777, {}, {}, true});
    entries.push_back({"var/tmp", 01777, {}, {}, true});
    entries.push_back({std::string(kCertificates), 0444, certificates, {}, false});
    return entries;
}

// What decides a shared layer's bytes while this process runs.
std::string key_of(const std::vector<LayerEntry>& entries) {
    std::string key;
    for (const auto& entry : entries) key += fmt::format("{}\n{}\n", entry.path, entry.source);
    return key;
}

Outcome<void> add_folder(const ImageFile& file, std::vector<LayerEntry>& entries) {
    std::error_code error;
    fs::recursive_directory_iterator at(file.source, error), end;
    for (; !error && at != end; at.increment(error)) {
        auto path = at->path().string();
        auto inside = file.destination + path.substr(file.source.size());
        auto kind = at->symlink_status(error).type();
        if (kind == fs::file_type::directory) continue;
        if (kind != fs::file_type::regular)
            return Problem{fmt::format("{} is neither a file nor a folder; an image takes no links", path)};
        if (entries.size() >= kMostEntries)
            return Problem{fmt::format("{} has more than {} files", file.source, kMostEntries)};
        entries.push_back({inside, 0444, path, {}, false});
    }
    if (error) return Problem{fmt::format("cannot read {}: {}", file.source, error.message())};
    return {};
}

}  // namespace

Outcome<std::vector<LayerEntry>> own_entries(const ImageSpec& spec) {
    std::vector<LayerEntry> entries{{program_path(spec), 0555, spec.program, {}, false}};
    for (auto file : spec.files) {
        if (!file.destination.starts_with('/'))
            return Problem{fmt::format("the image of {}: {} goes to \"{}\"; write an absolute path",
                                       spec.name, file.source, file.destination)};
        while (file.destination.ends_with('/')) file.destination.pop_back();
        while (file.source.size() > 1 && file.source.ends_with('/')) file.source.pop_back();
        std::error_code error;
        auto kind = fs::status(file.source, error).type();
        if (kind == fs::file_type::directory) {
            if (auto added = add_folder(file, entries); !added) return added.error();
        } else if (kind == fs::file_type::regular) {
            entries.push_back({file.destination, 0444, file.source, {}, false});
        } else {
            return Problem{
                fmt::format("the image of {}: there is no file or folder {}", spec.name, file.source)};
        }
    }
    return entries;
}

Outcome<Layer> NativeImages::shared_layer(std::vector<LayerEntry> entries) {
    std::promise<Outcome<Layer>> made;
    std::shared_future<Outcome<Layer>> layer;
    auto key = key_of(entries);
    {
        std::lock_guard lock(mutex_);
        auto [at, first] = layers_.try_emplace(key);
        if (!first) layer = at->second;
        if (first) at->second = made.get_future().share();
    }
    if (layer.valid()) return layer.get();
    try {
        auto built = build_layer(std::move(entries), kNoTime);
        made.set_value(built);
        return built;
    } catch (...) {
        made.set_exception(std::current_exception());
        throw;
    }
}

Outcome<Image> NativeImages::build(const ImageSpec& spec, const Commit& commit) {
    if (!fs::exists(spec.program))
        return Problem{
            fmt::format("the program {} of {} is not built; run ./dev build", spec.program, spec.name)};
    auto needs = find_needs(spec.program, options_.library_folders);
    if (!needs) return needs.error();
    if (needs->architecture != options_.architecture)
        return Problem{fmt::format("{} is a program for {}, and images are for {}; use --builder docker",
                                   spec.program, needs->architecture, options_.architecture)};
    if (!fs::exists(options_.certificates))
        return Problem{
            fmt::format("there are no CA certificates at {}, which programs need for outgoing TLS; "
                        "install ca-certificates",
                        options_.certificates)};
    auto base = base_entries(options_.certificates);
    std::vector<LayerEntry> libraries;
    for (const auto& file : needs->files) {
        auto& entries = is_runtime(file.name) ? base : libraries;
        entries.push_back({file.destination, 0555, file.source, {}, false});
    }
    auto own = own_entries(spec);
    if (!own) return own.error();

    std::vector<Layer> layers;
    for (auto* entries : {&base, &libraries}) {
        if (entries->empty()) continue;
        auto layer = shared_layer(std::move(*entries));
        if (!layer) return layer.error();
        layers.push_back(std::move(*layer));
    }
    auto top = build_layer(std::move(*own), commit.time);
    if (!top) return top.error();
    layers.push_back(std::move(*top));
    return assemble(spec, commit, needs->architecture, layers);
}

}  // namespace seance::images
