#include "platform/stack/environment_reader.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace seance::stack {

namespace {

using YAML::Node;

const std::vector<std::string> kKeys{"target",  "domain", "prefix",  "env",     "generate", "static",
                                     "sinks",   "dns",    "secrets", "require", "spaces",   "railway",
                                     "overlap", "drain",  "start",   "budget"};

class Reader {
  public:
    Reader(FieldReader& fields, const std::string& name)
        : fields_(fields), read_(fields.read), name_(name), what_("environment " + name) {
        made_.name = name;
    }

    Environment read(const Node& at, const Node& node) {
        made_.line = YamlReader::line_of(at);
        const bool read = read_.fields(
            node, what_, kKeys, [&](const std::string& key, const Node& key_node, const Node& value) {
                fields_.places.emplace(name_ + "." + key, YamlReader::line_of(key_node));
                field(key, key + " of " + what_, value);
            });
        if (read && !node["target"]) read_.problem(at, what_ + " has no target (local or railway)");
        if (read && !node["domain"]) read_.problem(at, what_ + " has no domain");
        return std::move(made_);
    }

  private:
    void field(const std::string& key, const std::string& which, const Node& value) {
        std::size_t index = 0;
        if (key == "target" && read_.choice(value, which, {"local", "railway"}, index))
            made_.target = static_cast<TargetKind>(index);
        else if (key == "domain")
            read_.text(value, which, made_.domain);
        else if (key == "prefix")
            read_.text(value, which, made_.prefix);
        else if (key == "env")
            by_service(value, which, key, [&](const std::string& service, const Node& map) {
                fields_.variables(map, which + " for " + service, name_ + ".env." + service,
                                  made_.env[service]);
            });
        else if (key == "generate")
            fields_.named_texts(value, which, name_ + ".generate", made_.generate);
        else if (key == "static")
            fields_.named_texts(value, which, name_ + ".static", made_.static_files);
        else if (key == "sinks") {
            std::vector<std::string> names;
            read_.texts(value, which, names);
            made_.sinks = {names.begin(), names.end()};
        } else if (key == "dns" && read_.choice(value, which, {"none", "cloudflare"}, index))
            made_.dns = static_cast<DnsKind>(index);
        else if (key == "secrets")
            read_.text(value, which, made_.secrets_file);
        else if (key == "require")
            by_service(value, which, key, [&](const std::string& service, const Node& names) {
                fields_.secrets(names, which + " for " + service, made_.required[service]);
            });
        else if (key == "spaces")
            spaces(value, which);
        else if (key == "railway")
            railway(value, which);
        else if (key == "overlap")
            read_.duration(value, which, made_.overlap);
        else if (key == "drain")
            read_.duration(value, which, made_.drain);
        else if (key == "start")
            by_service(value, which, key, [&](const std::string& service, const Node& text) {
                read_.text(text, service + " in " + which, made_.start[service]);
            });
        else if (key == "budget")
            budget(value, which);
    }

    template <class Each>
    void by_service(const Node& value, const std::string& which, const std::string& key, Each each) {
        read_.mapping(value, which, [&](const std::string& service, const Node& at, const Node& item) {
            fields_.places.emplace(name_ + "." + key + "." + service, YamlReader::line_of(at));
            each(service, item);
        });
    }

    void spaces(const Node& value, const std::string& which) {
        Spaces made;
        const bool read = read_.fields(value, which, {"bucket", "region", "cors"},
                                       [&](const std::string& key, const Node&, const Node& item) {
                                           const auto what = key + " in " + which;
                                           if (key == "bucket") read_.text(item, what, made.bucket);
                                           if (key == "region") read_.text(item, what, made.region);
                                           if (key == "cors") read_.texts(item, what, made.cors_origins);
                                       });
        if (!read) return;
        if (!is_name(made.bucket) || made.bucket.size() < 3)
            read_.problem(value, which + " needs a bucket: 3 or more lower-case letters, digits and dashes");
        if (!is_name(made.region)) read_.problem(value, which + " needs a region, such as sfo3");
        made_.spaces = std::move(made);
    }

    void railway(const Node& value, const std::string& which) {
        read_.fields(value, which, {"project", "workspace", "region"},
                     [&](const std::string& key, const Node&, const Node& item) {
                         const auto what = key + " in " + which;
                         if (key == "project") read_.text(item, what, made_.railway.project);
                         if (key == "workspace") read_.text(item, what, made_.railway.workspace);
                         if (key == "region") read_.text(item, what, made_.railway.region);
                     });
    }

    void budget(const Node& value, const std::string& which) {
        std::string text;
        if (!read_.text(value, which, text)) return;
        char* end = nullptr;
        made_.budget_dollars = std::strtod(text.c_str(), &end);
        if (text.empty() || *end != '\0' || !std::isfinite(made_.budget_dollars) || made_.budget_dollars <= 0)
            read_.problem(value, which + " must be a number of dollars a month above 0, such as 25");
    }

    FieldReader& fields_;
    YamlReader& read_;
    const std::string& name_;
    std::string what_;
    Environment made_;
};

}  // namespace

Environment read_environment(FieldReader& fields, const std::string& name, const Node& at, const Node& node) {
    return Reader(fields, name).read(at, node);
}

}  // namespace seance::stack
