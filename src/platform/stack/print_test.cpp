#include "platform/stack/print.hpp"

#include <gmock/gmock.h>

#include <random>

#include "platform/stack/parse.hpp"

namespace seance::stack {
namespace {

// Where something was written is no part of what it says.
Stack without_lines(Stack stack) {
    for (auto& environment : stack.environments) environment.line = 0;
    for (auto& service : stack.services) service.line = 0;
    return stack;
}

// Makes stacks that satisfy all rules and are otherwise as odd as can be.
class RandomStack {
  public:
    explicit RandomStack(unsigned seed) : random_(seed) {}

    Stack make() {
        Stack stack;
        stack.project = name();
        stack.registry = "registry.example/" + name();
        if (coin()) stack.build = {"./" + name(), name()};
        const auto services = 1 + below(6);
        for (unsigned i = 0; i < services; ++i) stack.services.push_back(service(stack, i));
        stack.environments.push_back(local(stack));
        if (coin()) stack.environments.push_back(remote(stack));
        return stack;
    }

  private:
    unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_); }
    bool coin() { return below(2) == 0; }

    std::string name() {
        std::string out;
        for (unsigned i = 0, n = 3 + below(8); i < n; ++i) out += "abcxyz019"[below(9)];
        return out;
    }
    std::string variable() {
        std::string out = "V";
        for (unsigned i = 0, n = below(8); i < n; ++i) out += "ABcd_9"[below(6)];
        return out;
    }
    std::string text() {
        static const std::vector<std::string> kOdd{
            "",     "yes",       "~",          "null",   "0x10",      "1e9",   " a ",      "a\nb",
            "#",    "a: b",      "\"quoted\"", "'",      "\\",        "- x",   "${port}",  "$${keep}",
            "$",    "${domain}", "Séance ✔",   "\x01",   "{a: b}",    "[a]",   "@",        "%a",
            "a #b", "|",         ">",          "\ttab ", "a\\n\r\nb", "-----", "12:30:45", "!!str"};
        return kOdd[below(static_cast<unsigned>(kOdd.size()))];
    }
    std::map<std::string, std::string> texts() {
        std::map<std::string, std::string> out;
        for (unsigned i = below(4); i > 0; --i) out[variable()] = text();
        return out;
    }
    std::vector<std::string> secrets() {
        std::set<std::string> out;
        for (unsigned i = below(4); i > 0; --i) out.insert(variable());
        return {out.begin(), out.end()};
    }
    Duration duration() {
        static const std::vector<Duration> kSome{std::chrono::milliseconds(1500), std::chrono::seconds(0),
                                                 std::chrono::seconds(90), std::chrono::minutes(2),
                                                 std::chrono::hours(24)};
        return kSome[below(static_cast<unsigned>(kSome.size()))];
    }

    Service service(const Stack& stack, unsigned index) {
        Service made;
        made.name = std::to_string(index) + name();
        made.programs = {name()};
        if (coin()) made.programs.push_back(name());
        made.args = coin() ? std::vector<std::string>{} : std::vector<std::string>{text(), text()};
        (coin() ? made.image : made.source) = name() + "/" + name();
        made.port = static_cast<std::uint16_t>(1 + below(65535));
        if (coin()) made.local_port = static_cast<std::uint16_t>(20000 + index);
        if (coin()) made.subdomain = index == 0 ? "@" : "sub" + std::to_string(index);
        if (coin()) made.health = {HealthCheck::Http, "/" + name()};
        if (below(4) == 0) made.health = {HealthCheck::RedisPing, ""};
        for (const auto& other : stack.services)
            if (coin()) made.needs.push_back(other.name);
        made.env = texts();
        made.secrets = secrets();
        if (coin()) made.files["web/" + name()] = "/srv/" + name();
        if (coin()) made.volume = "/data";
        made.replicas = 1 + below(100);
        if (coin()) made.resources.cpu = (1 + below(640)) / 10.0;
        if (coin()) made.resources.memory_mb = 1 + below(1'000'000);
        made.restart = static_cast<Restart>(below(3));
        if (coin()) made.start_timeout = duration();
        if (coin()) made.overlap = duration();
        made.stop_timeout = duration();
        for (unsigned i = below(3); i > 0; --i) {
            Check check{static_cast<Check::Kind>(below(4)), {}};
            if (coin()) check.settings[check.kind == Check::Chat ? "model" : "path"] = name();
            made.verify.push_back(check);
        }
        return made;
    }

    Environment local(const Stack& stack) {
        Environment made;
        made.name = "here";
        made.domain = name() + ".localhost";
        if (coin()) made.prefix = text();
        made.env = env(stack);
        if (coin()) made.generate = {{"api_key", "sk-"}, {"other", ""}};
        if (coin()) made.static_files["cdn"] = "${state_dir}/" + name();
        if (coin()) made.sinks = {"events", "mail"};
        return made;
    }

    Environment remote(const Stack& stack) {
        Environment made;
        made.name = "there";
        made.target = TargetKind::Railway;
        made.domain = name() + ".example";
        made.env = env(stack);
        if (coin()) made.dns = DnsKind::Cloudflare;
        made.secrets_file = "deploy/" + name() + ".yaml";
        if (coin()) made.required[stack.services[0].name] = {"MUST"};
        if (coin()) made.spaces = Spaces{"bucket-" + name(), "sfo3", {"https://${domain}", text()}};
        if (coin()) made.railway = {name(), text(), "us-west2"};
        made.overlap = duration();
        made.drain = duration();
        if (coin()) made.start[stack.services[0].name] = "run --save \"\" # not a comment";
        if (coin()) made.budget_dollars = (1 + below(10000)) / 7.0;
        return made;
    }

    std::map<std::string, std::map<std::string, std::string>> env(const Stack& stack) {
        std::map<std::string, std::map<std::string, std::string>> out;
        for (const auto& service : stack.services)
            if (coin()) out[service.name] = texts();
        return out;
    }

    std::mt19937 random_;
};

TEST(PrintStack, IsReadBackAsTheSameStack) {
    for (unsigned seed = 0; seed < 500; ++seed) {
        const auto stack = RandomStack(seed).make();
        const auto text = print_stack(stack);

        const auto parsed = parse_stack(text);

        ASSERT_TRUE(parsed.problems.empty())
            << "seed " << seed << ": " << print(parsed.problems.front(), "stack.yaml") << "\n"
            << text;
        ASSERT_EQ(without_lines(parsed.stack), without_lines(stack)) << "seed " << seed << "\n" << text;
    }
}

TEST(PrintStack, LeavesOutWhatHasItsDefault) {
    Stack stack;
    stack.project = "shop";
    auto& environment = stack.environments.emplace_back();
    environment.name = "local";
    environment.domain = "shop.localhost";
    auto& service = stack.services.emplace_back();
    service.name = "api";
    service.programs = {"shop-api"};
    service.port = 8000;

    EXPECT_EQ(print_stack(stack),
              "project: shop\n"
              "\n"
              "environments:\n"
              "  local:\n"
              "    target: local\n"
              "    domain: shop.localhost\n"
              "\n"
              "services:\n"
              "  api:\n"
              "    program: shop-api\n"
              "    port: 8000\n");
}

TEST(Fingerprint, IsAnotherWhereTheStackMeansAnotherThingInThisEnvironment) {
    Stack stack;
    stack.project = "shop";
    stack.environments.resize(2);
    stack.environments[0].name = "local";
    stack.environments[1].name = "production";
    stack.services.resize(1);
    stack.services[0].name = "api";
    const auto of = [](const Stack& one) { return fingerprint(one, one.environments[0]); };
    auto moved = stack, elsewhere = stack, other = stack;
    moved.services[0].line = 7;
    elsewhere.environments[1].domain = "shop.dev";
    other.services[0].args = {"--fast"};

    EXPECT_EQ(of(moved), of(stack));
    EXPECT_EQ(of(elsewhere), of(stack));
    EXPECT_NE(of(other), of(stack));
}

}  // namespace
}  // namespace seance::stack
