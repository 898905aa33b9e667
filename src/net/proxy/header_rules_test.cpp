#include "net/proxy/header_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::proxy {
namespace {

using testing::HasSubstr;
using testing::Not;

http::RequestHead get(std::initializer_list<http::Field> fields) {
    http::RequestHead head;
    head.method = "GET";
    head.target = "/a//b?c=%20";
    head.authority = "app.test";
    for (const auto& field : fields) head.fields.add(field);
    return head;
}

std::string written(const http::RequestHead& head, const HeaderRules& rules,
                    const char* peer = "203.0.113.9") {
    auto identity = identify_client(peer, head.fields, Networks::private_ranges());
    OutgoingRequest request{.head = head,
                            .authority = "up.test",
                            .identity = identity,
                            .request_id = "id1",
                            .content_length = {}};
    std::string out;
    write_request_head(out, request, rules);
    return out;
}

}  // namespace

TEST(RequestHead, KeepsTheTargetByteForByteAndNamesTheUpstream) {
    auto out = written(get({{"Host", "app.test"}, {"Accept", "*/*"}}), {});

    EXPECT_EQ(out,
              "GET /a//b?c=%20 HTTP/1.1\r\nHost: up.test\r\nAccept: */*\r\nX-Forwarded-For: 203.0.113.9\r\n"
              "X-Real-IP: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: "
              "app.test\r\nX-Request-Id: id1\r\n\r\n");
}

TEST(RequestHead, KeepsTheClientsHostWhenTold) {
    HeaderRules rules;
    rules.keep_host = true;
    EXPECT_THAT(written(get({}), rules), HasSubstr("\r\nHost: app.test\r\n"));
}

TEST(RequestHead, LosesHopByHopFieldsAndWhatConnectionNames) {
    auto out = written(get({{"Connection", "keep-alive, X-Secret"},
                            {"X-Secret", "a"},
                            {"Keep-Alive", "5"},
                            {"TE", "gzip"},
                            {"Proxy-Authorization", "b"},
                            {"Upgrade", "h2c"},
                            {"Trailer", "T"},
                            {"Expect", "100-continue"}}),
                       {});

    for (auto name :
         {"Connection", "X-Secret", "Keep-Alive", "TE:", "Proxy-Auth", "Upgrade", "Trailer", "Expect"})
        EXPECT_THAT(out, Not(HasSubstr(name)));
}

TEST(RequestHead, ConnectionCannotRemoveWhatTheProxySets) {
    auto out = written(
        get({{"Connection", "X-Forwarded-For, X-Real-IP, Host"}, {"X-Forwarded-For", "1.1.1.1"}}), {});

    EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 203.0.113.9\r\n"));
    EXPECT_THAT(out, HasSubstr("X-Real-IP: 203.0.113.9\r\n"));
    EXPECT_THAT(out, HasSubstr("Host: up.test\r\n"));
}

TEST(RequestHead, BelievesForwardingFieldsOnlyFromTrustedPeers) {
    auto head = get(
        {{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "shop.test"}, {"Forwarded", "for=1.1.1.1"}});

    auto trusted = written(head, {}, "10.0.0.1"), stranger = written(head, {});

    EXPECT_THAT(
        trusted,
        HasSubstr("X-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\nForwarded: for=1.1.1.1\r\n"));
    EXPECT_THAT(stranger, HasSubstr("X-Forwarded-Proto: http\r\nX-Forwarded-Host: app.test\r\n"));
    EXPECT_THAT(stranger, Not(HasSubstr("Forwarded: for")));
}

TEST(RequestHead, DropsAndAddsByRule) {
    HeaderRules rules;
    rules.drop_request = {"authorization"};
    rules.add_request = {{"X-Railway-Edge", "local"}};
    rules.via = "seance-edge";

    auto out = written(get({{"Authorization", "Bearer x"}, {"x-railway-edge", "forged"}}), rules);

    EXPECT_THAT(out, Not(HasSubstr("Bearer")));
    EXPECT_THAT(out, Not(HasSubstr("forged")));
    EXPECT_THAT(out, HasSubstr("Via: 1.1 seance-edge\r\nX-Railway-Edge: local\r\n"));
}

TEST(RequestHead, KeepsOnlyCookiesWithAWantedPrefix) {
    HeaderRules none, some;
    none.cookie_prefixes.emplace();
    some.cookie_prefixes = {"ph_"};
    auto head = get({{"Cookie", "session=1; ph_a=2;ph_b=3"}});

    EXPECT_THAT(written(head, none), Not(HasSubstr("Cookie")));
    EXPECT_THAT(written(head, some), HasSubstr("Cookie: ph_a=2; ph_b=3\r\n"));
    EXPECT_THAT(written(head, {}), HasSubstr("Cookie: session=1; ph_a=2;ph_b=3\r\n"));
}

TEST(ResponseHead, DropsByRuleAndNeverMergesSetCookie) {
    http::ResponseHead head;
    head.status = 200;
    head.reason = "Fine";
    for (http::Field field : {http::Field{"Set-Cookie", "a=1"},
                              {"Set-Cookie", "b=2"},
                              {"Alt-Svc", "h3"},
                              {"Connection", "X-Hop"},
                              {"X-Hop", "1"},
                              {"Content-Encoding", "gzip"},
                              {"Transfer-Encoding", "chunked"}})
        head.fields.add(field);
    HeaderRules rules;
    rules.drop_response = {"alt-svc"};
    std::string out;

    write_response_head(out, head, rules);

    EXPECT_EQ(out, "HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Encoding: gzip\r\n");
}

TEST(IsLoop, SeesItsOwnNameInViaAndTooManyHops) {
    HeaderRules rules;
    rules.via = "seance-edge";
    ClientIdentity near, far;
    far.hops = 11;

    EXPECT_TRUE(is_loop(get({{"Via", "1.0 other, 1.1 seance-edge (x)"}}), near, rules));
    EXPECT_FALSE(is_loop(get({{"Via", "1.1 seance-edge-2"}}), near, rules));
    EXPECT_TRUE(is_loop(get({}), far, rules));
    EXPECT_FALSE(is_loop(get({{"Via", "1.1 seance-edge"}}), near, {}));
}

}  // namespace seance::proxy
