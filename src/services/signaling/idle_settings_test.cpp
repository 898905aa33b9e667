#include "services/signaling/idle_settings.hpp"

#include <gtest/gtest.h>

namespace seance::signaling {
namespace {

std::string idle(const config::Sources& sources) {
    config::Reader read(sources);
    auto settings = read_settings(read);
    EXPECT_TRUE(read.problems().empty()) << read.problems().front();
    std::string out;
    for (const auto& [name, needs, overruled_by] : find_idle(sources, settings))
        out += (out.empty() ? "" : ", ") + name + ": " + std::string(needs) +
               (overruled_by.empty() ? "" : "overruled by " + std::string(overruled_by));
    return out;
}

std::string problem(const config::Sources& sources) {
    config::Reader read(sources);
    read_settings(read);
    return read.problems().empty() ? "" : read.problems().front();
}

}  // namespace

TEST(IdleSettings, AreThoseOfAFeatureThatIsOff) {
    EXPECT_EQ(idle({{"SYNC_TTL", "1h"}, {"SYNC_MAX_ROOMS", "5"}}), "SYNC_MAX_ROOMS: SYNC, SYNC_TTL: SYNC");
    EXPECT_EQ(idle({{"SYNC_FSYNC", "always"}}), "SYNC_FSYNC: SYNC");
    EXPECT_EQ(idle({{"SYNC", "true"}, {"SYNC_FSYNC", "always"}}), "SYNC_FSYNC: SYNC_DIRECTORY");
    EXPECT_EQ(idle({{"REPLICA_LEASE", "2s"}}), "REPLICA_LEASE: VALKEY_URL");
    EXPECT_EQ(idle({{"TURN_TTL", "2h"}}), "TURN_TTL: TURN_URLS");
    EXPECT_EQ(idle({{"COMPRESS_FROM_BYTES", "1"}}), "COMPRESS_FROM_BYTES: COMPRESSION");
    EXPECT_EQ(idle({{"RECORD_CONTENT", "true"}}), "RECORD_CONTENT: RECORD_FILE");
}

TEST(IdleSettings, AreThoseOfAFolderWhereValkeyKeepsTheDocuments) {
    EXPECT_EQ(idle({{"SYNC", "true"},
                    {"SYNC_DIRECTORY", "d"},
                    {"SYNC_FSYNC", "always"},
                    {"VALKEY_URL", "redis://localhost"}}),
              "SYNC_DIRECTORY: overruled by VALKEY_URL, SYNC_FSYNC: overruled by VALKEY_URL");
    EXPECT_EQ(idle({{"SYNC", "true"}, {"VALKEY_URL", "redis://localhost"}}), "");
}

TEST(IdleSettings, AreNoneOfThoseThatHaveTheirEffect) {
    EXPECT_EQ(idle({{"SYNC", "true"}, {"SYNC_DIRECTORY", "d"}, {"SYNC_FSYNC", "always"}, {"SYNC_TTL", "1h"}}),
              "");
    EXPECT_EQ(idle({{"SYNC_TTL", ""}, {"RECORD_CONTENT", "false"}, {"COMPRESSION", "true"}}), "");
    EXPECT_EQ(idle({{"COMPRESSION", "true"}, {"COMPRESS_FROM_BYTES", "1"}}), "");
}

TEST(Settings, RefuseAPlaceForDocumentsWhereNoneAreKept) {
    EXPECT_EQ(problem({{"SYNC_DIRECTORY", "/documents"}}),
              "SYNC_DIRECTORY is set without SYNC, and no documents are kept; set SYNC=true, or leave "
              "SYNC_DIRECTORY out");
    EXPECT_EQ(problem({{"SYNC_DIRECTORY", "/documents"}, {"SYNC", "true"}}), "");
}

}  // namespace seance::signaling
