#include "net/proxy/trusted_client.hpp"

#include <gtest/gtest.h>

namespace seance::proxy {
namespace {

struct Case {
    const char* claim;
    const char* peer;
    const char* forwarded_for;  // "" = absent
    const char* real_ip;
    const char* client;
    const char* passed_on;
};

class IdentifyClient : public testing::TestWithParam<Case> {};

TEST_P(IdentifyClient, FollowsTheTrustedPeerAlgorithm) {
    const Case& given = GetParam();
    http::FieldViews fields;
    if (*given.forwarded_for) fields.add({"X-Forwarded-For", given.forwarded_for});
    if (*given.real_ip) fields.add({"x-real-ip", given.real_ip});

    auto identity = identify_client(given.peer, fields, Networks::private_ranges());

    EXPECT_EQ(identity.client, given.client) << given.claim;
    EXPECT_EQ(identity.forwarded_for, given.passed_on) << given.claim;
}

INSTANTIATE_TEST_SUITE_P(
    Table, IdentifyClient,
    testing::Values(
        Case{"an untrusted peer is the client", "203.0.113.9", "1.1.1.1", "2.2.2.2", "203.0.113.9",
             "203.0.113.9"},
        Case{"a trusted peer without fields is the client", "10.0.0.1", "", "", "10.0.0.1", "10.0.0.1"},
        Case{"X-Real-IP from a trusted peer wins", "10.0.0.1", "9.9.9.9", "198.51.100.4", "198.51.100.4",
             "198.51.100.4, 10.0.0.1"},
        Case{"a broken X-Real-IP is passed over", "10.0.0.1", "9.9.9.9", "nonsense", "9.9.9.9",
             "9.9.9.9, 10.0.0.1"},
        Case{"two addresses in X-Real-IP are passed over", "10.0.0.1", "9.9.9.9", "1.1.1.1, 2.2.2.2",
             "9.9.9.9", "9.9.9.9, 10.0.0.1"},
        Case{"the rightmost untrusted entry is the client", "10.0.0.1", "6.6.6.6, 9.9.9.9, 10.0.0.7", "",
             "9.9.9.9", "9.9.9.9, 10.0.0.7, 10.0.0.1"},
        Case{"trusted hops stay behind X-Real-IP", "10.0.0.1", "6.6.6.6, 9.9.9.9, 10.0.0.7", "9.9.9.9",
             "9.9.9.9", "9.9.9.9, 10.0.0.7, 10.0.0.1"},
        Case{"an unparsable entry ends the walk", "10.0.0.1", "9.9.9.9, junk, 10.0.0.8, 10.0.0.7", "",
             "10.0.0.8", "10.0.0.8, 10.0.0.7, 10.0.0.1"},
        Case{"only an unparsable entry leaves the peer", "10.0.0.1", "junk", "", "10.0.0.1", "10.0.0.1"},
        Case{"only trusted entries leave the peer", "10.0.0.1", "10.0.0.9, 10.0.0.8", "", "10.0.0.1",
             "10.0.0.1"},
        Case{"ports and brackets are removed", "127.0.0.1", "[2001:db8::5]:443, 192.168.1.1:80", "",
             "2001:db8::5", "2001:db8::5, 192.168.1.1, 127.0.0.1"},
        Case{"IPv4-mapped addresses are written as IPv4", "::ffff:10.0.0.1", "::ffff:9.9.9.9", "", "9.9.9.9",
             "9.9.9.9, 10.0.0.1"},
        Case{"carrier-grade addresses are trusted", "100.64.0.3", "9.9.9.9", "", "9.9.9.9",
             "9.9.9.9, 100.64.0.3"},
        Case{"the neighbour of a trusted range is not", "172.32.0.1", "9.9.9.9", "", "172.32.0.1",
             "172.32.0.1"}));

}  // namespace

TEST(IdentifyClientOccurrences, AreJoinedInOrder) {
    http::FieldViews fields;
    fields.add({"X-Forwarded-For", "6.6.6.6"});
    fields.add({"X-Forwarded-For", "9.9.9.9, 10.0.0.7"});

    EXPECT_EQ(identify_client("10.0.0.1", fields, Networks::private_ranges()).client, "9.9.9.9");
}

TEST(Networks, RefusesWhatIsNoRange) {
    EXPECT_TRUE(Networks::parse({"10.0.0.0/33"}).has_error());
    EXPECT_TRUE(Networks::parse({"ten/8"}).has_error());
    EXPECT_TRUE(Networks::parse({"10.0.0.0/"}).has_error());
    EXPECT_TRUE(Networks::parse({"fc00::/7", "192.0.2.1"}).has_value());
}

TEST(MaskAddress, KeepsTheNetworkOnly) {
    EXPECT_EQ(mask_address("203.0.113.77"), "203.0.113.0/24");
    EXPECT_EQ(mask_address("2001:db8:1:2:3::4"), "2001:db8:1::/48");
    EXPECT_EQ(mask_address("unix"), "");
}

}  // namespace seance::proxy
