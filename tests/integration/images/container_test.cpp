#include <unistd.h>

#include <filesystem>

#include "core/base/text.hpp"
#include "platform/images/docker_builder.hpp"
#include "platform/images/native_images.hpp"
#include "tests/integration/images/fixture.hpp"

// The images of the real programs: pushed, fetched again, unpacked, and run with nothing else around them.
namespace seance::images {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

std::string source() {
    return SEANCE_SOURCE;
}

ImageSpec spec_of(const std::string& service) {
    const char* bin = std::getenv("SEANCE_BIN");
    ImageSpec spec;
    spec.name = service;
    spec.program = std::string(bin ? bin : "build/bin") + "/seance-" + service;
    spec.port = 8080;
    if (service == "landing") {
        spec.files = {{source() + "/web/landing", "/srv/landing"}};
        spec.env["LANDING_ROOT"] = "/srv/landing";
        spec.env["PUBLIC_DOMAIN"] = "seance.test";
    }
    if (service == "litellm") {
        spec.files = {{source() + "/deploy/litellm/config.yaml", "/etc/litellm/config.yaml"}};
        spec.env["CONFIG_FILE_PATH"] = "/etc/litellm/config.yaml";
    }
    return spec;
}

struct Container : testing::Test {
    TemporaryFolder folder;
    std::unique_ptr<RegistryProcess> server;
    RegistryUser user;
    NativeImages images;
    fs::path root = folder.path() / "root";
    std::uint16_t port = free_port();

    void SetUp() override {
        if (!have_registry())
            GTEST_SKIP() << "docker-registry is not installed (apt install docker-registry)";
        if (::geteuid() != 0) GTEST_SKIP() << "only root may chroot";
        server = std::make_unique<RegistryProcess>();
    }

    // Builds, pushes, fetches from the registry and unpacks the image of a service.
    void unpack(const std::string& service) {
        auto built =
            images.build(spec_of(service), {"0123456789abcdef0123456789abcdef01234567", 1'764'000'000, ""});
        ASSERT_TRUE(built) << built.error().what;
        if (!kSanitized) {  // those programs are larger
            EXPECT_LT(built->compressed_size(), 15u << 20);
        }
        auto image = std::make_shared<const Image>(std::move(*built));
        auto pushed = user.push(image, user.name(server->host(), service + ":1"));
        ASSERT_TRUE(pushed) << pushed.error().what;
        fs::create_directories(root);
        auto manifest = call(server->port(), "GET", "/v2/" + service + "/manifests/" + pushed->digest,
                             {{"Accept", "application/vnd.oci.image.manifest.v1+json"}})
                            .json();
        for (const auto& layer : manifest.at("layers").as_array()) {
            auto path = folder.path() / "layer.tar.gz";
            std::ofstream(path, std::ios::binary)
                << call(server->port(), "GET",
                        "/v2/" + service + "/blobs/" + layer.at("digest").as_string().c_str())
                       .body;
            ASSERT_EQ(std::system(("tar -xpzf " + path.string() + " -C " + root.string()).c_str()), 0);
        }
        config = call(server->port(), "GET",
                      "/v2/" + service + "/blobs/" + manifest.at("config").at("digest").as_string().c_str())
                     .json()
                     .at("config")
                     .as_object();
    }

    // Starts the image's entry point as its user, in its root, with its variables and these.
    std::unique_ptr<Child> start(Child::Environment env) {
        for (const auto& pair : config.at("Env").as_array()) {
            std::string text(pair.as_string());
            env.emplace(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
        }
        port = free_port();  // of a program that has ended, another may have it by now
        env.emplace("PORT", std::to_string(port));
        env.emplace("ADDRESS", "127.0.0.1");
        std::vector<std::string> arguments{
            "chroot", "--userspec=" + std::string(config.at("User").as_string()), root.string(),
            config.at("Entrypoint").as_array()[0].as_string().c_str()};
        if (kSanitized) {
            // A sanitizer looks into /proc. The mount is this program's alone and ends with it.
            fs::create_directory(root / "proc");
            std::vector<std::string> with_proc{
                "unshare",    "--mount", "sh", "-c", "mount --bind /proc \"$0/proc\" && exec \"$@\"",
                root.string()};
            arguments.insert(arguments.begin(), with_proc.begin(), with_proc.end());
        }
        auto child = std::make_unique<Child>(arguments, (folder.path() / "out").string(), env);
        child->await_port(port, "the program in its root: " + output());
        return child;
    }
    std::string output() {
        std::stringstream text;
        text << std::ifstream(folder.path() / "out").rdbuf();
        return text.str();
    }

    boost::json::object config;
};

struct EveryService : Container, testing::WithParamInterface<const char*> {};

TEST_P(EveryService, RunsFromItsImageAlone) {
    std::string service = GetParam();
    unpack(service);
    TemporaryFolder objects;
    fs::permissions(objects.path(), fs::perms::all);

    Child::Environment env;
    if (service == "litellm") env = {{"HOST", "127.0.0.1"}, {"LITELLM_MASTER_KEY", "sk-0123456789abcdef"}};
    if (service == "backend")
        env = {{"OBJECT_STORE", "directory"},
               {"OBJECT_DIRECTORY", "/tmp"},
               {"SPACES_CDN_ENDPOINT", "http://cdn.test"}};
    if (service == "beholder")
        env = {{"EVENTS_UPSTREAM", "http://127.0.0.1:1"}, {"ASSETS_UPSTREAM", "http://127.0.0.1:1"}};
    auto program = start(env);

    auto path = service == "litellm" ? "/health/liveliness" : "/health";
    EXPECT_EQ(call(port, "GET", path).status, 200) << output();
    if (service == "landing") {
        EXPECT_THAT(call(port, "GET", "/").body, HasSubstr("<html"));
    }
    program->send(SIGTERM);
    EXPECT_EQ(program->wait(), 0) << output();
    EXPECT_THAT(output(), testing::Not(HasSubstr("Permission denied")))
        << "it writes where its image lets it";
}

INSTANTIATE_TEST_SUITE_P(Images, EveryService,
                         testing::Values("backend", "beholder", "landing", "litellm", "signaling"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_F(Container, HoldsNoShellAndNothingThatItsUserMayWrite) {
    unpack("signaling");

    for (auto name : {"bin/sh", "usr/bin/sh", "bin/bash", "usr/bin/env", "etc/shadow"})
        EXPECT_FALSE(fs::exists(root / name)) << name;
    std::vector<std::string> programs;
    for (const auto& entry : fs::directory_iterator(root / "usr/bin"))
        programs.push_back(entry.path().filename());
    EXPECT_EQ(programs, std::vector<std::string>{"seance-signaling"});
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        auto mode = static_cast<unsigned>(entry.status().permissions());
        const bool open = entry.path() == root / "tmp" || entry.path() == root / "var/tmp";
        EXPECT_EQ(mode & 06022u, open ? 022u : 0u) << entry.path();
    }
    EXPECT_EQ(config.at("User").as_string(), "65532:65532");
    EXPECT_EQ(boost::json::serialize(config.at("ExposedPorts")), R"({"8080/tcp":{}})");
}

TEST_F(Container, ResolvesNames) {
    unpack("beholder");
    ScriptedHttp posthog([](const SeenRequest&) { return http_answer("200 OK", "", "from the other side"); });
    std::ofstream(root / "etc/hosts") << "127.0.0.1 posthog.test\n";
    auto upstream = "http://posthog.test:" + std::to_string(posthog.port());
    auto program = start({{"EVENTS_UPSTREAM", upstream}, {"ASSETS_UPSTREAM", upstream}});

    auto answer = call(port, "GET", "/static/array.js");

    EXPECT_EQ(answer.status, 200) << output();
    EXPECT_EQ(answer.body, "from the other side");
}

// With an authority of the test's among the image's certificates, its server is trusted; without, it is not.
TEST_F(Container, TrustsTheCertificatesOfItsImage) {
    unpack("beholder");
    auto key = (folder.path() / "key.pem").string(), certificate = (folder.path() / "cert.pem").string();
    ASSERT_EQ(std::system(("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=posthog.test -addext "
                           "subjectAltName=DNS:posthog.test -keyout " +
                           key + " -out " + certificate + " 2>/dev/null")
                              .c_str()),
              0);
    auto tls_port = free_port();
    Child tls({"openssl", "s_server", "-www", "-quiet", "-accept", std::to_string(tls_port), "-key", key,
               "-cert", certificate},
              (folder.path() / "tls").string());
    tls.await_port(tls_port, "openssl s_server");
    std::ofstream(root / "etc/hosts") << "127.0.0.1 posthog.test\n";
    auto upstream = "https://posthog.test:" + std::to_string(tls_port);
    {
        auto program = start({{"EVENTS_UPSTREAM", upstream}, {"ASSETS_UPSTREAM", upstream}});
        EXPECT_NE(call(port, "GET", "/static/array.js").status, 200);
    }
    auto bundle = (root / std::string(kCertificates).substr(1)).string();
    ASSERT_EQ(std::system(("cat " + certificate + " >> " + bundle).c_str()), 0);

    auto program = start({{"EVENTS_UPSTREAM", upstream}, {"ASSETS_UPSTREAM", upstream}});

    EXPECT_EQ(call(port, "GET", "/static/array.js").status, 200) << output();
}

Awaitable<void> build_into(ImageBuilder& builder, BuildOrder order, Attempt<BuiltImage>& out) {
    out = co_await builder.build(std::move(order));
}

TEST(DockerEngine, BuildsAServicesImage) {
    if (std::system("docker info >/dev/null 2>&1") != 0)
        GTEST_SKIP() << "docker info fails: there is no engine here";
    DockerOptions options;
    options.root = source();
    DockerBuilder builder(options);
    BuildOrder order;
    order.spec = spec_of("signaling");
    order.commit = {"0123456789abcdef0123456789abcdef01234567", 1'764'000'000, ""};
    order.target = *parse_reference("localhost/seance-test/signaling:0123456");
    Loop loop;
    Attempt<BuiltImage> built = Failure{};

    run(loop, build_into(builder, order, built));

    ASSERT_TRUE(built) << built.error().what;
    EXPECT_EQ(std::system("docker run --rm localhost/seance-test/signaling:0123456 --version"), 0);
    EXPECT_EQ(std::system("docker image rm localhost/seance-test/signaling:0123456 >/dev/null"), 0);
}

}  // namespace
}  // namespace seance::images
