#include "platform/images/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "platform/images/command.hpp"
#include "platform/images/libraries.hpp"

namespace seance::images {
namespace {

namespace json = boost::json;

constexpr Duration kHelperTimeout = std::chrono::seconds(30);  // some ask the user to unlock a keyring
constexpr std::string_view kTokenUser = "<token>";

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

Outcome<Credentials> parse_auth(const json::object& entry, std::string_view server, const std::string& path) {
    Credentials out;
    out.origin = path;
    out.identity_token = SecretText(text_of(entry, "identitytoken"));
    out.user = text_of(entry, "username");
    out.password = SecretText(text_of(entry, "password"));
    auto encoded = text_of(entry, "auth");
    if (encoded.empty()) return out;
    auto decoded = base64_decode(encoded);
    auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos)
        return Problem{
            fmt::format("{}: auths.{}.auth is not the base64 of user:password; run docker login {}", path,
                        one_line(server), one_line(server))};
    out.user = decoded->substr(0, colon);
    auto password = decoded->substr(colon + 1);
    while (password.ends_with('\0')) password.pop_back();  // old versions of Docker pad it
    out.password = SecretText(std::move(password));
    return out;
}

bool is_helper_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
    });
}

Failure helper_failure(std::string_view program, std::string_view server, std::string_view finding) {
    return {FailureKind::Auth,
            fmt::format("the credential helper {} failed for {}: {}", program, server, finding)};
}

Awaitable<Attempt<Credentials>> ask_helper(std::string name, std::string server) {
    auto program = "docker-credential-" + name;
    process::Launch launch;
    launch.program = process::find_program({program}, "");
    if (launch.program.empty()) co_return helper_failure(program, server, "there is no such program on PATH");
    launch.args = {"get"};
    launch.env = own_environment();
    launch.input = server;
    launch.errors = process::Errors::Discarded;
    auto ran = co_await run_command(std::move(launch), kHelperTimeout);
    if (!ran) co_return helper_failure(program, server, ran.error().what);
    if (!ran->status.success()) {
        if (ran->output.find("credentials not found") != std::string::npos) co_return Credentials{};
        auto said = one_line(ran->output);
        co_return helper_failure(program, server, said.empty() ? ran->status.text() : said);
    }
    error_code error;
    auto answer = json::parse(ran->output, error);
    const auto* object = error ? nullptr : answer.if_object();
    if (!object || text_of(*object, "Secret").empty())
        co_return helper_failure(program, server, "its answer holds no Secret");
    Credentials out;
    out.origin = program;
    out.user = text_of(*object, "Username");
    SecretText secret(text_of(*object, "Secret"));
    if (out.user == kTokenUser) {
        out.user.clear();
        out.identity_token = std::move(secret);
    } else {
        out.password = std::move(secret);
    }
    co_return out;
}

}  // namespace

Outcome<DockerConfig> parse_docker_config(std::string_view text, const std::string& path) {
    DockerConfig config;
    config.path = path;
    error_code error;
    auto document = json::parse({text.data(), text.size()}, error);
    const auto* root = error ? nullptr : document.if_object();
    if (!root)
        return Problem{fmt::format("{} is not a JSON object; repair it or run docker login anew", path)};
    config.creds_store = text_of(*root, "credsStore");
    if (!config.creds_store.empty() && !is_helper_name(config.creds_store))
        return Problem{fmt::format("{}: credsStore cannot be the name of a helper", path)};
    if (const auto* helpers = root->if_contains("credHelpers"); helpers && helpers->is_object())
        for (const auto& [host, helper] : helpers->get_object()) {
            if (!helper.is_string() || !is_helper_name(std::string_view(helper.get_string())))
                return Problem{fmt::format("{}: credHelpers.{} cannot be the name of a helper", path,
                                           one_line(std::string_view(host)))};
            config.cred_helpers.emplace(host, helper.get_string());
        }
    if (const auto* auths = root->if_contains("auths"); auths && auths->is_object())
        for (const auto& [server, entry] : auths->get_object()) {
            if (!entry.is_object()) continue;
            auto parsed = parse_auth(entry.get_object(), std::string_view(server), path);
            if (!parsed) return parsed.error();
            config.auths.emplace(server, std::move(*parsed));
        }
    return config;
}

std::vector<std::string> credential_keys(const Reference& image) {
    std::vector<std::string> keys{image.credential_key()};
    std::vector<std::string> hosts{image.host};
    if (image.host == "docker.io") hosts = {"index.docker.io", "docker.io", "registry-1.docker.io"};
    for (const auto& host : hosts)
        for (const char* form :
             {"{}", "https://{}", "https://{}/", "https://{}/v1/", "https://{}/v2/", "http://{}"})
            keys.push_back(fmt::format(fmt::runtime(form), host));
    return keys;
}

Outcome<DockerConfig> read_docker_config() {
    std::string folder;
    if (const char* set = std::getenv("DOCKER_CONFIG"); set && *set)
        folder = set;
    else if (const char* home = std::getenv("HOME"); home && *home)
        folder = std::string(home) + "/.docker";
    auto path = folder + "/config.json";
    std::error_code error;
    if (folder.empty() || !std::filesystem::exists(path, error)) return DockerConfig{{}, {}, {}, path};
    auto text = read_file(path, kMostDockerConfig);
    if (!text) return text.error();
    return parse_docker_config(*text, path);
}

Awaitable<Attempt<Credentials>> find_credentials(DockerConfig config, Reference image) {
    const auto keys = credential_keys(image);
    for (const auto& key : keys) {
        auto helper = config.cred_helpers.find(key);
        if (helper != config.cred_helpers.end()) co_return co_await ask_helper(helper->second, keys.front());
    }
    if (!config.creds_store.empty()) {
        auto stored = co_await ask_helper(config.creds_store, keys.front());
        if (!stored || !stored->empty()) co_return stored;
    }
    for (const auto& key : keys) {
        auto found = config.auths.find(key);
        if (found != config.auths.end() && !found->second.empty()) co_return found->second;
    }
    co_return Credentials{};
}

}  // namespace seance::images
