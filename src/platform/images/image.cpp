#include "platform/images/image.hpp"

#include <boost/json.hpp>
#include <filesystem>

#include "core/base/duration.hpp"

namespace seance::images {
namespace {

namespace json = boost::json;

constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";

// "2026-11-24T06:47:06Z": without the fraction, which a commit's time lacks.
std::string rfc3339(std::int64_t seconds) {
    auto text = iso_timestamp(std::chrono::system_clock::time_point(std::chrono::seconds(seconds)));
    return text.substr(0, text.find('.')) + 'Z';
}

json::array texts(const std::vector<std::string>& items) {
    json::array out;
    for (const auto& item : items) out.emplace_back(item);
    return out;
}

json::object texts(const std::map<std::string, std::string>& items) {
    json::object out;
    for (const auto& [name, value] : items) out[name] = value;
    return out;
}

Blob make_blob(const char* media_type, const json::value& document) {
    auto bytes = std::make_shared<const std::string>(json::serialize(document));
    return {media_type, digest_of(*bytes), bytes};
}

json::object descriptor(const Blob& blob) {
    return {{"mediaType", blob.media_type}, {"digest", blob.digest}, {"size", blob.size()}};
}

json::object settings(const ImageSpec& spec, const Commit& commit) {
    json::object out;
    out["User"] = kUser;
    if (spec.port != 0) out["ExposedPorts"] = {{std::to_string(spec.port) + "/tcp", json::object()}};
    auto env = spec.env;
    env.emplace("SSL_CERT_FILE", kCertificates);
    json::array pairs;
    for (const auto& [name, value] : env) pairs.emplace_back(name + '=' + value);
    out["Env"] = std::move(pairs);
    out["Entrypoint"] = texts(std::vector{program_path(spec)});
    if (!spec.args.empty()) out["Cmd"] = texts(spec.args);
    out["WorkingDir"] = "/";
    out["Labels"] = texts(labels_of(spec, commit));
    out["StopSignal"] = spec.stop_signal;
    return out;
}

}  // namespace

std::uint64_t Image::compressed_size() const {
    std::uint64_t size = config.size();
    for (const auto& layer : layers) size += layer.size();
    return size;
}

std::string program_path(const ImageSpec& spec) {
    return "/usr/bin/" + std::filesystem::path(spec.program).filename().string();
}

std::map<std::string, std::string> labels_of(const ImageSpec& spec, const Commit& commit) {
    auto labels = spec.labels;
    labels.emplace("org.opencontainers.image.created", rfc3339(commit.time));
    labels.emplace("org.opencontainers.image.revision", commit.revision);
    if (!commit.source.empty()) labels.emplace("org.opencontainers.image.source", commit.source);
    labels.emplace("org.opencontainers.image.title", spec.name);
    labels.emplace("org.opencontainers.image.version", commit.tag());
    return labels;
}

Image assemble(const ImageSpec& spec, const Commit& commit, const std::string& architecture,
               const std::vector<Layer>& layers) {
    Image image;
    image.name = spec.name;
    json::array diff_ids, descriptors;
    for (const auto& layer : layers) {
        image.layers.push_back(layer.blob);
        diff_ids.emplace_back(layer.diff_id);
        descriptors.push_back(descriptor(layer.blob));
    }
    json::object config;
    config["created"] = rfc3339(commit.time);
    config["architecture"] = architecture;
    config["os"] = "linux";
    config["config"] = settings(spec, commit);
    config["rootfs"] = {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}};
    image.config = make_blob(kConfigType, config);

    json::object manifest;
    manifest["schemaVersion"] = 2;
    manifest["mediaType"] = kManifestType;
    manifest["config"] = descriptor(image.config);
    manifest["layers"] = std::move(descriptors);
    manifest["annotations"] = texts(labels_of(spec, commit));
    image.manifest = make_blob(kManifestType, manifest);
    return image;
}

}  // namespace seance::images
