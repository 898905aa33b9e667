#include "platform/targets/railway/domain_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::railway {
namespace {

using testing::HasSubstr;

DnsRecord record(DnsRecord::Purpose purpose, std::string value) {
    DnsRecord out;
    out.purpose = purpose;
    out.type = "CNAME";
    out.zone = "seance.dev";
    out.required_value = std::move(value);
    return out;
}

CustomDomain domain(std::string name = "backend.seance.dev") {
    CustomDomain out;
    out.domain = std::move(name);
    out.dns_records = {record(DnsRecord::Purpose::AcmeChallenge, "acme.example."),
                       record(DnsRecord::Purpose::TrafficRoute, "ABC123.up.railway.app.")};
    out.verification_host = "_railway-verify.backend";
    out.verification_token = "0f1e";
    return out;
}

TEST(NeededRecords, AreTheRouteAndTheProofOfOwnership) {
    auto records = needed_records(domain(), "seance.dev");

    ASSERT_TRUE(records);
    EXPECT_EQ(records->cname_name, "backend.seance.dev");
    EXPECT_EQ(records->cname_target, "abc123.up.railway.app");
    EXPECT_EQ(records->txt_name, "_railway-verify.backend.seance.dev");
    EXPECT_EQ(records->txt_value, "railway-verify=0f1e");
}

TEST(NeededRecords, TakeAHostThatIsCompleteAlreadyAsItIs) {
    auto complete = domain();
    complete.verification_host = "_railway-verify.backend.seance.dev.";

    EXPECT_EQ(needed_records(complete, "seance.dev")->txt_name, "_railway-verify.backend.seance.dev");
}

TEST(NeededRecords, FollowRailwaysZoneWhereTheProvidersIsAParent) {
    auto nested = domain("backend.eu.seance.dev");
    for (auto& one : nested.dns_records) one.zone = "eu.seance.dev";

    EXPECT_EQ(needed_records(nested, "seance.dev")->txt_name, "_railway-verify.backend.eu.seance.dev");
}

TEST(NeededRecords, WorkAtTheApex) {
    auto apex = domain("seance.dev");
    apex.verification_host = "_railway-verify";

    auto records = needed_records(apex, "seance.dev");

    ASSERT_TRUE(records);
    EXPECT_EQ(records->cname_name, "seance.dev");
    EXPECT_EQ(records->txt_name, "_railway-verify.seance.dev");
}

TEST(NeededRecords, RefuseWhatTheyCannotUse) {
    auto no_route = domain(), elsewhere = domain(), address = domain();
    no_route.dns_records.clear();
    address.dns_records[1].type = "A";

    EXPECT_THAT(needed_records(no_route, "seance.dev").error().what, HasSubstr("no address"));
    EXPECT_THAT(needed_records(elsewhere, "example.com").error().what, HasSubstr("not in the zone"));
    EXPECT_THAT(needed_records(address, "seance.dev").error().what, HasSubstr("type A"));
}

TEST(NeededRecords, LeaveOutTheProofThatRailwayDoesNotTell) {
    auto verified = domain();
    verified.verification_token.clear();

    EXPECT_EQ(needed_records(verified, "seance.dev")->txt_name, "");
}

TEST(VerificationValue, CarriesItsPrefixOnce) {
    for (auto token :
         {"0f1e", "railway-verify=0f1e", "railway-verify=railway-verify=0f1e", " Railway-Verify=0f1e "})
        EXPECT_EQ(verification_value(token), "railway-verify=0f1e") << token;
}

TEST(DomainProblem, NamesTheMissingProof) {
    EXPECT_THAT(domain_problem(domain()), HasSubstr("_railway-verify.backend.seance.dev"));
    EXPECT_THAT(domain_problem(domain()), HasSubstr("404"));
}

TEST(DomainProblem, IsNoneBehindCloudflareOnceVerified) {
    auto proxied = domain();
    proxied.verified = proxied.behind_cloudflare = true;
    proxied.certificate = CertificateStatus::Issuing;

    EXPECT_EQ(domain_problem(proxied), "");
}

TEST(DomainProblem, SaysWhatHappenedToTheCertificate) {
    auto failed = domain();
    failed.verified = true;
    failed.certificate = CertificateStatus::IssueFailed;
    failed.certificate_error = "RATE_LIMIT: too many";

    EXPECT_TRUE(may_reissue(failed));
    EXPECT_THAT(domain_problem(failed), HasSubstr("RATE_LIMIT: too many; ask again"));
    failed.certificate_retryable = false;
    EXPECT_FALSE(may_reissue(failed));
    EXPECT_THAT(domain_problem(failed), HasSubstr("not try again"));
}

}  // namespace
}  // namespace seance::railway
