#include "services/litellm/domain/multipart.hpp"

#include <gtest/gtest.h>

namespace seance::litellm {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=\"b b\"";

std::string part(std::string_view headers, std::string_view value) {
    return "--b b\r\n" + std::string(headers) + "\r\n\r\n" + std::string(value) + "\r\n";
}

const std::string kEnd = "--b b--\r\n";

}  // namespace

TEST(Multipart, FindsPartsWithAnyBytesInThem) {
    std::string bytes("\x00\r\n--b\r\n\xff", 8);
    auto body =
        part("Content-Disposition: form-data; name=\"model\"", "m") +
        part("content-disposition: form-data; name=f; filename=\"a;b\"\r\nContent-Type: audio/x", bytes) +
        part("Content-Disposition: form-data; name=\"empty\"", "") + kEnd;

    auto parts = parse_multipart(body, kType);

    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 3u);
    EXPECT_EQ((*parts)[0].name, "model");
    EXPECT_EQ((*parts)[0].value, "m");
    EXPECT_TRUE((*parts)[1].is_file);
    EXPECT_EQ((*parts)[1].value, bytes);
    EXPECT_EQ((*parts)[2].value, "");
}

TEST(Multipart, ReplacesOneFieldAndNothingElse) {
    auto before = part("Content-Disposition: form-data; name=\"file\"; filename=\"x\"", "model");
    auto body = before + part("Content-Disposition: form-data; name=\"model\"", "old") + kEnd;

    EXPECT_EQ(set_form_field(body, kType, "model", "new"),
              before + part("Content-Disposition: form-data; name=\"model\"", "new") + kEnd);
    auto with_field = set_form_field(before + kEnd, kType, "model", "new");
    auto added = parse_multipart(with_field, kType);
    ASSERT_TRUE(added);
    EXPECT_EQ(added->front().value, "new");
}

TEST(Multipart, RefusesWhatIsNone) {
    for (auto body : {"", "--b b", "--b b\r\n", "--b b\r\nX: y\r\n\r\nz", "--b b\r\nX", "zz--b b--"})
        EXPECT_FALSE(parse_multipart(body, kType)) << body;
    EXPECT_FALSE(parse_multipart(kEnd, "multipart/form-data"));
}

}  // namespace seance::litellm
