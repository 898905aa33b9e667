#include "platform/dns/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seance::dns {
namespace {

using testing::HasSubstr;

Record cname(std::string name, std::string target) {
    Record out;
    out.type = RecordType::Cname;
    out.name = std::move(name);
    out.content = std::move(target);
    out.proxied = true;
    return out;
}

Record txt(std::string content) {
    Record out;
    out.type = RecordType::Txt;
    out.name = "_railway-verify.seance.dev";
    out.content = std::move(content);
    return out;
}

TEST(PlainTxt, IsTheSameHoweverItWasQuoted) {
    for (auto text : {R"(railway-verify=0f1e)", R"("railway-verify=0f1e")", R"("railway-" "verify=0f1e")",
                      R"( "railway-verify="	"0f1e" )"})
        EXPECT_EQ(plain_txt(text), "railway-verify=0f1e") << text;
    EXPECT_EQ(plain_txt(R"("a \"b\" \\ c")"), R"(a "b" \ c)");
    EXPECT_EQ(plain_txt(""), "");
    EXPECT_EQ(plain_txt(R"("")"), "");
}

TEST(PlainTxt, LeavesWhatIsNotQuotedAsItIs) {
    EXPECT_EQ(plain_txt(R"("half)"), R"("half)");
    EXPECT_EQ(plain_txt(R"("a" b)"), R"("a" b)");
    EXPECT_EQ(plain_txt("v=spf1 -all"), "v=spf1 -all");
}

TEST(QuotedTxt, ComesBackAsItWas) {
    for (const auto& text :
         {std::string("a"), std::string(R"(a "b" \ c)"), std::string(255, 'x'), std::string(600, 'y')})
        EXPECT_EQ(plain_txt(quoted_txt(text)), text);
    EXPECT_EQ(quoted_txt(std::string(256, 'x')), '"' + std::string(255, 'x') + "\" \"x\"");
}

TEST(SameContent, MindsNeitherCaseNorFinalDotOfACname) {
    EXPECT_TRUE(same_content(cname("A.seance.dev", "ABC.up.railway.app."),
                             cname("a.seance.dev.", "abc.up.railway.app")));
    EXPECT_FALSE(same_content(cname("a.seance.dev", "abc.up.railway.app"),
                              cname("a.seance.dev", "abd.up.railway.app")));
    EXPECT_FALSE(same_content(txt("Token"), txt("token")));
    EXPECT_TRUE(same_content(txt("\"token\""), txt("token")));
}

TEST(IsUpToDate, TakesTheAutomaticTimeOfAProxiedRecordAsWanted) {
    auto live = cname("a.seance.dev", "b"), wanted = live;
    wanted.ttl = 300;
    EXPECT_TRUE(is_up_to_date(live, wanted));
    live.proxied = wanted.proxied = false;
    EXPECT_FALSE(is_up_to_date(live, wanted));
}

TEST(IsUpToDate, MindsProxyAndComment) {
    auto live = cname("a.seance.dev", "b"), unproxied = live, unmarked = live;
    live.comment = unproxied.comment = "seance:production:a";
    unproxied.proxied = false;

    EXPECT_FALSE(is_up_to_date(unproxied, live));
    EXPECT_FALSE(is_up_to_date(unmarked, live));
}

TEST(RecordProblem, SaysWhatCannotBeSent) {
    auto long_comment = txt("x"), broken_comment = txt("x"), proxied = txt("x"), relative = txt("x"),
         odd_ttl = txt("x");
    long_comment.comment.assign(kMostComment + 1, 'x');
    broken_comment.comment = "a\nb";
    proxied.proxied = true;
    relative.name = "@";
    odd_ttl.ttl = 5;

    EXPECT_EQ(record_problem(txt("x")), "");
    EXPECT_THAT(record_problem(long_comment), HasSubstr("at most 100"));
    EXPECT_THAT(record_problem(broken_comment), HasSubstr("line breaks"));
    EXPECT_THAT(record_problem(proxied), HasSubstr("proxied"));
    EXPECT_THAT(record_problem(relative), HasSubstr("complete name"));
    EXPECT_THAT(record_problem(odd_ttl), HasSubstr("5"));
    EXPECT_THAT(record_problem(txt("")), HasSubstr("no content"));
    EXPECT_THAT(record_problem(cname("müller.de", "b")), HasSubstr("Punycode"));
}

}  // namespace
}  // namespace seance::dns
