#include "core/observe/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/json.hpp>

namespace seance::observe {
namespace {

// What `write` puts on standard output, read back through a pipe.
template <class Write>
std::string captured(Write write) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    write();
    flush();
    dup2(saved, STDOUT_FILENO);
    close(ends[1]);
    close(saved);
    std::string out(65536, '\0');
    auto n = read(ends[0], out.data(), out.size());
    close(ends[0]);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
}

}  // namespace

TEST(Log, WritesOneJsonLinePerEvent) {
    auto text = captured([] {
        log(Level::Info, "peer_closed").field("peer", "a\"b\n\x01").field("count", 3).field("ok", true);
    });

    ASSERT_TRUE(text.ends_with("}\n")) << text;
    auto line = boost::json::parse(text).as_object();
    EXPECT_EQ(line.at("event"), "peer_closed");
    EXPECT_EQ(line.at("peer"), "a\"b\n\x01");
    EXPECT_EQ(line.at("count"), 3);
    EXPECT_EQ(line.at("ok"), true);
}

TEST(Log, LeavesOutLinesBelowItsLevel) {
    auto text = captured([] { log(Level::Debug, "detail_seen"); });

    EXPECT_EQ(text, "");
}

TEST(Log, ReplacesBytesThatAreNotUtf8) {
    std::string out;

    append_json_string(out, "a\xFF");

    EXPECT_EQ(out, "\"a\xEF\xBF\xBD\"");
}

}  // namespace seance::observe
