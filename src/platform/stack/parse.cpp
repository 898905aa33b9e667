#include "platform/stack/parse.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "platform/stack/environment_reader.hpp"
#include "platform/stack/field_reader.hpp"
#include "platform/stack/rules.hpp"
#include "platform/stack/yaml_reader.hpp"

namespace seance::stack {

namespace {

using YAML::Node;

const std::vector<std::string> kStackKeys{"project", "registry", "build", "environments", "services"};
const std::vector<std::string> kServiceKeys{
    "program",       "args",         "image",         "source",    "port",      "local_port",
    "subdomain",     "health",       "needs",         "env",       "secrets",   "volume",
    "files",         "replicas",     "prints_commit", "sets_port", "resources", "restart",
    "start_timeout", "stop_timeout", "overlap",       "verify"};
// The order is that of Check::Kind.
const std::vector<std::string> kCheckKinds{"deploy", "relay", "chat", "request"};
const std::vector<std::vector<std::string>> kCheckKeys{
    {"key", "path", "download"}, {"path"}, {"key", "model"}, {"method", "path", "body", "expect"}};

class StackParser {
  public:
    explicit StackParser(Parsed& out) : out_(out), read_(out.problems) {}

    void parse(const Node& root) {
        if (!read_.fields(root, "the stack", kStackKeys,
                          [&](const std::string& key, const Node&, const Node& value) {
                              if (key == "project") read_.text(value, "project", out_.stack.project);
                              if (key == "registry") read_.text(value, "registry", out_.stack.registry);
                              if (key == "build") read_.texts(value, "build", out_.stack.build);
                              if (key == "environments") environments(value);
                              if (key == "services") services(value);
                          }))
            return;
        if (!root["project"])
            read_.problem(root, "the stack has no project");
        else if (!is_name(out_.stack.project))
            read_.problem(root["project"], "project must be lower-case letters, digits and dashes");
        if (!root["environments"]) read_.problem(root, "the stack has no environments");
        if (!root["services"]) read_.problem(root, "the stack has no services");
    }

  private:
    void environments(const Node& node) {
        read_.mapping(node, "environments", [&](const std::string& name, const Node& at, const Node& value) {
            if (!is_name(name))
                read_.problem(
                    at, fmt::format("\"{}\" is no name: use lower-case letters, digits and dashes", name));
            out_.stack.environments.push_back(read_environment(fields_, name, at, value));
        });
    }

    void services(const Node& node) {
        read_.mapping(node, "services", [&](const std::string& name, const Node& at, const Node& value) {
            if (!is_name(name))
                read_.problem(
                    at, fmt::format("\"{}\" is no name: use lower-case letters, digits and dashes", name));
            service(name, at, value);
        });
    }

    void service(const std::string& name, const Node& at, const Node& node) {
        Service made;
        made.name = name;
        made.line = YamlReader::line_of(at);
        const auto what = "service " + name;
        const bool read = read_.fields(node, what, kServiceKeys,
                                       [&](const std::string& key, const Node&, const Node& value) {
                                           field(made, key, key + " of " + what, value);
                                       });
        if (read && !node["program"] && !node["image"] && !node["source"])
            read_.problem(at, what + " has neither program nor image nor source: nothing to run");
        if (read && node["image"] && node["source"])
            read_.problem(node["source"], what + " has both image and source: keep one");
        if (read && !node["port"]) read_.problem(at, what + " has no port");
        places_.emplace(name + ".subdomain", node.IsMap() && node["subdomain"]
                                                 ? YamlReader::line_of(node["subdomain"])
                                                 : made.line);
        places_.emplace(name + ".local_port", node.IsMap() && node["local_port"]
                                                  ? YamlReader::line_of(node["local_port"])
                                                  : made.line);
        places_.emplace(name + ".args",
                        node.IsMap() && node["args"] ? YamlReader::line_of(node["args"]) : made.line);
        out_.stack.services.push_back(std::move(made));
    }

    void field(Service& made, const std::string& key, const std::string& which, const Node& value) {
        std::uint64_t number = 0;
        std::size_t index = 0;
        if (key == "program") {
            if (value.IsSequence())
                read_.texts(value, which, made.programs);
            else if (std::string one; read_.text(value, which, one))
                made.programs.push_back(one);
        } else if (key == "args")
            read_.texts(value, which, made.args);
        else if (key == "image")
            read_.text(value, which, made.image);
        else if (key == "source")
            read_.text(value, which, made.source);
        else if (key == "port") {
            if (read_.number(value, which, 1, 65535, number)) made.port = static_cast<std::uint16_t>(number);
        } else if (key == "local_port") {
            if (read_.number(value, which, 1, 65535, number))
                made.local_port = static_cast<std::uint16_t>(number);
        } else if (key == "subdomain") {
            if (read_.text(value, which, made.subdomain) && made.subdomain != "@" && !is_name(made.subdomain))
                read_.problem(value, which + " must be one name, or @ for the domain itself");
        } else if (key == "health")
            health(value, which, made.health);
        else if (key == "needs")
            needs(value, which, made);
        else if (key == "env")
            fields_.variables(value, which, made.name + ".env", made.env);
        else if (key == "secrets")
            fields_.secrets(value, which, made.secrets);
        else if (key == "files")
            files(value, which, made);
        else if (key == "volume") {
            if (read_.text(value, which, made.volume) && !made.volume.starts_with('/'))
                read_.problem(value, which + " must be the absolute path where the container mounts it");
        } else if (key == "replicas") {
            if (read_.number(value, which, 1, 100, number))
                made.replicas = static_cast<std::uint32_t>(number);
        } else if (key == "resources")
            resources(value, which, made.resources);
        else if (key == "prints_commit")
            read_.boolean(value, which, made.prints_commit);
        else if (key == "sets_port")
            read_.boolean(value, which, made.sets_port);
        else if (key == "restart") {
            if (read_.choice(value, which, {"always", "on-failure", "never"}, index))
                made.restart = static_cast<Restart>(index);
        } else if (key == "start_timeout")
            optional(value, which, made.start_timeout);
        else if (key == "overlap")
            optional(value, which, made.overlap);
        else if (key == "stop_timeout")
            read_.duration(value, which, made.stop_timeout);
        else if (key == "verify")
            checks(value, which, made);
    }

    void health(const Node& value, const std::string& which, HealthCheck& made) {
        std::string text;
        if (!read_.text(value, which, text)) return;
        if (text == "redis-ping")
            made.kind = HealthCheck::RedisPing;
        else if (text.starts_with('/'))
            made = {HealthCheck::Http, text};
        else
            read_.problem(value, fmt::format("{} is \"{}\"; it must be a path such as /health, or redis-ping",
                                             which, text));
    }

    void needs(const Node& value, const std::string& which, Service& made) {
        if (!read_.texts(value, which, made.needs)) return;
        for (const auto& item : value)
            if (item.IsScalar())
                places_.emplace(made.name + ".needs." + item.Scalar(), YamlReader::line_of(item));
    }

    void files(const Node& value, const std::string& which, Service& made) {
        fields_.named_texts(value, which, made.name + ".files", made.files);
        for (const auto& [source, destination] : made.files) {
            if (source.starts_with('/') || source.find("..") != std::string::npos)
                read_.problem(value, fmt::format("\"{}\" in {} must be a path inside the folder of this file",
                                                 source, which));
            if (!destination.starts_with('/') || destination.find("..") != std::string::npos)
                read_.problem(value, fmt::format("{} of {} must be an absolute path in the image, not \"{}\"",
                                                 source, which, destination));
        }
    }

    void resources(const Node& value, const std::string& which, Resources& made) {
        read_.fields(
            value, which, {"cpu", "memory"}, [&](const std::string& key, const Node&, const Node& item) {
                std::string text;
                if (!read_.text(item, key + " in " + which, text)) return;
                if (key == "cpu") {
                    char* end = nullptr;
                    made.cpu = std::strtod(text.c_str(), &end);
                    if (text.empty() || *end != '\0' || !(made.cpu > 0 && made.cpu <= 64))
                        read_.problem(
                            item,
                            fmt::format("cpu in {} must be a number of cores above 0, such as 0.5", which));
                    return;
                }
                const bool gigabytes = text.ends_with("GB");
                const auto number = gigabytes || text.ends_with("MB")
                                        ? parse_number(std::string_view(text).substr(0, text.size() - 2))
                                        : std::nullopt;
                if (!number || *number == 0 || *number > 1'000'000)
                    read_.problem(
                        item,
                        fmt::format("memory in {} must be a whole number of MB or GB, such as 512MB", which));
                else
                    made.memory_mb = gigabytes ? *number * 1024 : *number;
            });
    }

    void optional(const Node& value, const std::string& which, std::optional<Duration>& made) {
        if (Duration read{}; read_.duration(value, which, read)) made = read;
    }

    void checks(const Node& value, const std::string& which, Service& made) {
        if (!value.IsSequence()) return read_.problem(value, which + " must be a list of checks");
        for (const auto& item : value) {
            read_.fields(
                item, "a check in " + which, kCheckKinds,
                [&](const std::string& kind, const Node&, const Node& settings) {
                    const auto index = static_cast<std::size_t>(
                        std::find(kCheckKinds.begin(), kCheckKinds.end(), kind) - kCheckKinds.begin());
                    Check check{static_cast<Check::Kind>(index), {}};
                    read_.fields(settings, kind + " in " + which, kCheckKeys[index],
                                 [&](const std::string& key, const Node&, const Node& text) {
                                     places_.emplace(
                                         fmt::format("{}.verify.{}.{}", made.name, made.verify.size(), key),
                                         YamlReader::line_of(text));
                                     read_.text(text, key + " of " + kind, check.settings[key]);
                                 });
                    made.verify.push_back(std::move(check));
                });
        }
    }

    Parsed& out_;
    YamlReader read_;
    Places places_;
    FieldReader fields_{read_, places_};

  public:
    const Places& places() const { return places_; }
};

}  // namespace

Parsed parse_stack(std::string_view text) {
    Parsed out;
    try {
        const auto root = YAML::Load(std::string(text));
        if (root.IsNull()) {
            out.problems.push_back({1, "the file is empty; it must hold project, environments and services"});
            return out;
        }
        StackParser parser{out};
        parser.parse(root);
        check_rules(out.stack, parser.places(), out.problems);
    } catch (const YAML::Exception& error) {
        out.problems.push_back({error.mark.line + 1, "no valid YAML: " + error.msg});
    }
    // A key that is misspelt has consequences on lines before it: what it causes comes after it.
    const auto order = [](const Finding& one) {
        return std::pair{!one.what.starts_with(YamlReader::kUnknownKey), one.line};
    };
    std::stable_sort(out.problems.begin(), out.problems.end(),
                     [&](const Finding& a, const Finding& b) { return order(a) < order(b); });
    return out;
}

std::string print(const Finding& finding, std::string_view file) {
    return fmt::format("{}:{}: {}", file, finding.line, finding.what);
}

}  // namespace seance::stack
