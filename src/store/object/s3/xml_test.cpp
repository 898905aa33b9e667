#include "store/object/s3/xml.hpp"

#include <gtest/gtest.h>

namespace seance::object {
namespace {

TEST(Xml, ReadsAnAnswerOfS3) {
    auto root = parse_xml(
        "\n <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<Name>b</Name><Contents><Key>a &amp; &#252;&#x4E2d;</Key><Size>3</Size></Contents>"
        "<Contents><Key><![CDATA[<x>]]></Key></Contents><Prefix/><!-- end --></ListBucketResult>\n");

    ASSERT_TRUE(root);
    EXPECT_EQ(root->name, "ListBucketResult");
    EXPECT_EQ(root->value("Name"), "b");
    EXPECT_EQ(root->find("Contents")->value("Key"), "a & ü中");
    EXPECT_EQ(root->children[2].value("Key"), "<x>");
    EXPECT_EQ(root->value("Prefix"), "");
    EXPECT_EQ(root->find("Absent"), nullptr);
}

TEST(Xml, RefusesWhatIsNotOneWholeDocument) {
    for (auto text : {"", "<a>", "<a></b>", "<a/><b/>", "<a>&unknown;</a>", "<a>&#0;</a>", "<a>&#xd800;</a>",
                      "<a b></a>", "<a b=\"></a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
                      "<a><!-- </a>", "{\"a\":1}", "<a>1</a>x"})
        EXPECT_FALSE(parse_xml(text)) << text;
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    EXPECT_FALSE(parse_xml(deep));
}

TEST(Xml, EscapesWhatWouldBeMarkup) {
    EXPECT_EQ(escape_xml("\"a\"<b>&"), "&quot;a&quot;&lt;b&gt;&amp;");
}

}  // namespace
}  // namespace seance::object
