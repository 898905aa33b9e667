#include "platform/spaces/cors.hpp"

#include <gtest/gtest.h>

namespace seance::spaces {
namespace {

using Origins = std::vector<std::string>;

std::string configuration(const std::string& rules) {
    return "<?xml version=\"1.0\"?>\n<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
           rules + "</CORSConfiguration>\n";
}

std::string rule(const std::string& methods, const std::string& origins) {
    return "<CORSRule><ID>r</ID>\n" + origins + methods + "<AllowedHeader>*</AllowedHeader></CORSRule>";
}
std::string method(const std::string& name) {
    return "<AllowedMethod>" + name + "</AllowedMethod>";
}
std::string origin(const std::string& name) {
    return "<AllowedOrigin>" + name + "</AllowedOrigin>";
}

TEST(Cors, IsReadBackAsItWasWritten) {
    Origins origins{"https://seance.dev", "https://*.seance.dev", "http://localhost:5173",
                    "https://a&b<c>\"'"};

    EXPECT_EQ(readable_from(cors_document(origins)), origins);
    EXPECT_EQ(readable_from(cors_document({"*"})), Origins{"*"});
}

TEST(Cors, EscapesWhatWouldBeMarkup) {
    EXPECT_NE(cors_document({"https://a&b<c"}).find("<AllowedOrigin>https://a&amp;b&lt;c</AllowedOrigin>"),
              std::string::npos);
}

TEST(Cors, LetsPagesOnlyRead) {
    auto document = cors_document({"*"});

    EXPECT_NE(document.find(method("GET") + method("HEAD")), std::string::npos);
    for (auto other : {"PUT", "POST", "DELETE"}) EXPECT_EQ(document.find(other), std::string::npos) << other;
}

TEST(Cors, CountsOnlyRulesThatAllowGet) {
    auto document =
        configuration(rule(method("PUT") + method("POST"), origin("https://writer.test")) +
                      rule(method("HEAD") + method("GET"), origin("https://a.test") + origin("*")) +
                      rule(method("HEAD"), origin("https://head.test")) +
                      rule(method(" GET "), origin(" https://b.test\n") + origin("https://a.test")));

    EXPECT_EQ(readable_from(document), (Origins{"https://a.test", "*", "https://b.test"}));
}

TEST(Cors, OfNoRulesAllowsNothing) {
    EXPECT_EQ(readable_from(configuration("")), Origins{});
    EXPECT_EQ(readable_from("<CORSConfiguration/>"), Origins{});
}

TEST(Cors, IsNotReadFromAnythingElse) {
    for (auto text :
         {"", "<html></html>", "<CORSConfiguration>", "{}",
          "<!DOCTYPE x [<!ENTITY a \"b\">]><CORSConfiguration/>", "<Error><Code>x</Code></Error>"})
        EXPECT_FALSE(readable_from(text)) << text;
}

TEST(Cors, SaysWhyATextIsNoOrigin) {
    for (auto good :
         {"*", "https://seance.dev", "http://localhost:5173", "https://*.seance.dev", "app://seance"})
        EXPECT_EQ(origin_problem(good), "") << good;
    EXPECT_EQ(origin_problem("seance.dev"), "does not begin with https:// or http://");
    EXPECT_EQ(origin_problem(""), "does not begin with https:// or http://");
    EXPECT_EQ(origin_problem("https://"), "names no host");
    EXPECT_EQ(origin_problem("https://seance.dev/"), "is more than scheme, host and port");
    EXPECT_EQ(origin_problem("https://me@seance.dev"), "is more than scheme, host and port");
    EXPECT_EQ(origin_problem("https://*.*.dev"), "has more than one *");
    EXPECT_NE(origin_problem("https://a b"), "");
    EXPECT_NE(origin_problem("https://séance.dev"), "");
    EXPECT_NE(origin_problem("https://" + std::string(1024, 'a')), "");
}

}  // namespace
}  // namespace seance::spaces
