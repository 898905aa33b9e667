#include "services/litellm/config/link_reader.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/tls_front.hpp"

namespace seance::litellm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string& certificate() {
    static const std::string text = [] {
        testing_support::SelfSigned made;
        std::ifstream in(made.certificate_file());
        return std::string(std::istreambuf_iterator<char>(in), {});
    }();
    return text;
}

// One deployment with these parameters; /ca.pem holds a certificate, /empty.pem none.
Config configured(const std::string& settings, const std::string& params = "",
                  config::Sources environment = {}) {
    ReadFile read_file = [&](const std::string& path) -> Outcome<std::string> {
        if (path == "/ca.pem") return Outcome<std::string>(boost::system::in_place_value, certificate());
        if (path == "/empty.pem") return Outcome<std::string>(boost::system::in_place_value, "none");
        if (path != "config.yaml") return Problem{path};
        return Outcome<std::string>(
            boost::system::in_place_value,
            "model_list: [{model_name: a, litellm_params: {model: openai/o3, api_key: k" + params +
                "}}]\nlitellm_settings: {" + settings + "}\n");
    };
    return std::move(*read_config("config.yaml", read_file, std::move(environment)));
}

}  // namespace

TEST(ReadLinks, ChecksCertificatesUnlessToldNotTo) {
    EXPECT_TRUE(configured("").link->verify);
    EXPECT_TRUE(configured("ssl_verify: 'True'").link->verify);
    auto unchecked = configured("ssl_verify: false");

    EXPECT_FALSE(unchecked.link->verify);
    EXPECT_THAT(unchecked.notes.warnings,
                ElementsAre(HasSubstr("certificates of upstreams are not checked")));
}

TEST(ReadLinks, TakesAFileOfCertificates) {
    auto config = configured("ssl_verify: /ca.pem");

    EXPECT_TRUE(config.link->verify);
    EXPECT_EQ(config.link->certificates, certificate());
    EXPECT_THAT(config.notes.warnings, IsEmpty());
}

TEST(ReadLinks, StaysWithTheSystemsCertificatesWhenTheFileIsNoUse) {
    for (auto file : {"/empty.pem", "/absent.pem", "'no'"}) {
        auto config = configured(std::string("ssl_verify: ") + file);

        EXPECT_TRUE(config.link->verify) << file;
        EXPECT_EQ(config.link->certificates, "") << file;
        EXPECT_THAT(config.notes.errors, ElementsAre(HasSubstr("litellm_settings.ssl_verify"))) << file;
        EXPECT_EQ(config.notes.faults, config.notes.errors);  // a reload keeps what works
    }
}

TEST(ReadLinks, TakesWhatADeploymentSaysThenTheVariableThenTheSetting) {
    auto config = configured("ssl_verify: false", ", ssl_verify: /ca.pem",
                             {{"SSL_VERIFY", "true"}, {"SSL_CERT_FILE", ""}});

    EXPECT_TRUE(config.link->verify);
    EXPECT_EQ(config.link->certificates, "");
    EXPECT_EQ(config.deployments.at(0)->link->certificates, certificate());
    EXPECT_FALSE(configured("", "", {{"SSL_VERIFY", "False"}}).link->verify);
    EXPECT_FALSE(
        configured("", ", ssl_verify: false", {{"SSL_VERIFY", "True"}}).deployments.at(0)->link->verify);
}

TEST(ReadLinks, BelievesTheFileOfSslCertFileWhereNothingElseIsNamed) {
    config::Sources environment{{"SSL_CERT_FILE", "/ca.pem"}};

    EXPECT_EQ(configured("", "", environment).link->certificates, certificate());
    EXPECT_EQ(configured("ssl_verify: false", "", environment).link->certificates, "");
    auto absent = configured("", "", {{"SSL_CERT_FILE", "/absent.pem"}});
    EXPECT_EQ(absent.link->certificates, "");
    EXPECT_THAT(absent.notes.warnings,
                ElementsAre(AllOf(HasSubstr("SSL_CERT_FILE"), HasSubstr("Write the path"))));
}

TEST(ReadLinks, GivesLinksThatAreAlikeOneId) {
    auto config = configured("force_ipv4: true", ", ssl_verify: true");

    EXPECT_TRUE(config.link->ipv4_only);
    EXPECT_EQ(config.deployments.at(0)->link->id, config.link->id);
    EXPECT_NE(configured("").link->id, config.link->id);
    EXPECT_NE(configured("ssl_verify: false").link->id, configured("").link->id);
}

}  // namespace seance::litellm
