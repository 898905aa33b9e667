#include "net/stream/trust.hpp"

#include <gtest/gtest.h>

#include <fstream>

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

}  // namespace seance::stream
