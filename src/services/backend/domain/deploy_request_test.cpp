#include "services/backend/domain/deploy_request.hpp"

#include <gtest/gtest.h>

namespace seance::backend {
namespace {

TEST(DeployRequest, TakesWhatBuildersReallySend) {
    auto files = parse_deploy(
        R"({"clearWeb":true,"files":[{"content":"aGVs\r\nbG8","x":1,"path":"releases/a.txt"},{"path":"b.bin","content":"\u002b\/8="},)"
        R"({"path":"c","content":"_-8"},{"path":"empty","content":""}]})",
        10);

    ASSERT_TRUE(files) << files.error().message;
    ASSERT_EQ(files->size(), 4u);
    EXPECT_EQ((*files)[0].path, "releases/a.txt");
    EXPECT_EQ((*files)[0].content, "hello");
    EXPECT_EQ((*files)[1].content, "\xfb\xff");
    EXPECT_EQ((*files)[2].content, "\xff\xef");
    EXPECT_EQ((*files)[3].content, "");
}

TEST(DeployRequest, NamesTheEntryThatIsWrong) {
    auto files = parse_deploy(R"({"files":[{"path":"ok","content":""},{"path":"a/../b","content":""}]})", 10);

    ASSERT_FALSE(files);
    EXPECT_EQ(
        to_json(files.error()),
        R"({"error":"Invalid file path","message":"files[1] (\"a/../b\") has a path that has a \".\" or \"..\" segment",)"
        R"("index":1,"path":"a/../b"})");
}

TEST(DeployRequest, RefusesEverythingThatIsNotWholeAndClear) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "Invalid JSON"},
        {"{\"files\":[", "Invalid JSON"},
        {"[]", "Invalid request"},
        {"{}", "Invalid request"},
        {R"({"files":{}})", "Invalid request"},
        {R"({"files":[]})", "No files"},
        {R"({"files":[1]})", "Invalid request"},
        {R"({"files":[{"content":""}]})", "Invalid request"},
        {R"({"files":[{"path":1,"content":""}]})", "Invalid request"},
        {R"({"files":[{"path":"a"}]})", "Invalid request"},
        {R"({"files":[{"path":"","content":""}]})", "Invalid file path"},
        {R"({"files":[{"path":"/etc/passwd","content":""}]})", "Invalid file path"},
        {R"({"files":[{"path":".meta/x","content":""}]})", "Invalid file path"},
        {R"({"files":[{"path":"a\u0000b","content":""}]})", "Invalid file path"},
        {R"({"files":[{"path":"a","content":"a"}]})", "Invalid file content"},
        {R"({"files":[{"path":"a","content":"aGVsbG8!"}]})", "Invalid file content"},
        {R"({"files":[{"path":"a","content":"aGVsbG9="}]})", "Invalid file content"},
        {R"({"files":[{"path":"a","content":""},{"path":"a","content":""}]})", "Duplicate file path"},
        {R"({"files":[{"path":"a","content":""},{"path":"a/b","content":""}]})", "Invalid file path"},
        {R"({"files":[{"path":"a","content":""},{"path":"b","content":""},{"path":"c","content":""}]})",
         "Too many files"},
    };
    for (auto [body, error] : cases) {
        auto files = parse_deploy(body, 2);
        ASSERT_FALSE(files) << body;
        EXPECT_EQ(files.error().error, error) << body;
    }
}

}  // namespace
}  // namespace seance::backend
