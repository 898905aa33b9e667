#include "net/stream/trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "tests/support/tls_front.hpp"

namespace seance::stream {
namespace {

std::string certificate() {
    testing_support::SelfSigned made;
    std::ifstream in(made.certificate_file());
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST(CountCertificates, CountsThemAndWhatStandsBetween) {
    auto one = certificate();

    EXPECT_EQ(count_certificates(""), 0u);
    EXPECT_EQ(count_certificates("no certificate at all"), 0u);
    EXPECT_EQ(count_certificates(one), 1u);
    EXPECT_EQ(count_certificates("# ours\n" + one + "\n# theirs\n" + certificate()), 2u);
}

TEST(CountCertificates, GivesNoneIfOneCannotBeRead) {
    auto broken = certificate();
    broken.replace(broken.size() / 2, 4, "????");

    EXPECT_EQ(count_certificates(certificate() + broken), 0u);
}

TEST(CountCertificates, GivesNoneIfOneIsNoCertificateInside) {
    // A sequence of two numbers.
    auto numbers = "-----BEGIN CERTIFICATE-----\nMAYCAQECAQI=\n-----END CERTIFICATE-----\n";

    EXPECT_EQ(count_certificates(certificate() + numbers), 0u);
}

TEST(CountCertificates, PassesOverWhatElseAFileHolds) {
    testing_support::SelfSigned made;
    std::ifstream in(made.key_file());
    std::string key(std::istreambuf_iterator<char>(in), {});

    EXPECT_EQ(count_certificates(key), 0u);
    EXPECT_EQ(count_certificates(key + certificate()), 1u);
}

TEST(AuthoritiesOf, AreReadOnceWhileTheyAreHeld) {
    testing_support::SelfSigned made;
    Trust named{.file = made.certificate_file()};
    std::ifstream in(made.certificate_file());
    Trust text{.certificates = {std::istreambuf_iterator<char>(in), {}}};

    auto first = authorities_of(named);
    EXPECT_EQ(authorities_of(text), first);
    EXPECT_NE(authorities_of(Trust{.certificates = certificate()}), first);
    auto system = authorities_of(Trust{});
    EXPECT_NE(system, first);
    EXPECT_EQ(authorities_of(Trust{}), system);
}

TEST(AuthoritiesOf, MayBeInTheFormOfOpenSslsOwn) {
    auto trusted = certificate();
    for (auto at = trusted.find(" CERTIFICATE"); at != std::string::npos;
         at = trusted.find(" CERTIFICATE", at + 20))
        trusted.insert(at, " TRUSTED");

    EXPECT_EQ(count_certificates(trusted), 1u);
    EXPECT_NO_THROW(authorities_of({.certificates = trusted}));
}

TEST(AuthoritiesOf, AreThoseOfTheFileAsItIsNow) {
    testing_support::SelfSigned made;
    Trust named{.file = made.certificate_file()};
    auto before = authorities_of(named);

    std::ofstream(made.certificate_file()) << certificate();

    EXPECT_NE(authorities_of(named), before);
}

TEST(AuthoritiesOf, SayWhereTheyWereToComeFrom) {
    auto problem_of = [](const Trust& trust) {
        try {
            authorities_of(trust);
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    auto broken = certificate();
    broken.replace(broken.size() / 2, 4, "????");

    EXPECT_EQ(problem_of({.file = "/does/not/exist"}),
              "the certificates in \"/does/not/exist\" could not be read; name a PEM file of trusted "
              "certificates");
    EXPECT_THAT(problem_of({.certificates = "no certificate"}), testing::HasSubstr("certificates of a text"));
    EXPECT_THAT(problem_of({.certificates = certificate() + broken}),
                testing::HasSubstr("could not be read"));
}

}  // namespace seance::stream
