#include "services/landing/settings.hpp"

#include <gmock/gmock.h>

namespace seance::landing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> problems_of(const config::Sources& sources) {
    config::Reader read(sources);
    read_settings(read);
    return read.problems();
}

}  // namespace

TEST(LandingSettings, AreGoodWhenNothingIsSet) {
    EXPECT_THAT(problems_of({}), IsEmpty());
}

TEST(LandingSettings, KeepThePortsApart) {
    EXPECT_THAT(problems_of({{"PORT", "81"}, {"ADMIN_PORT", "81"}}),
                ElementsAre(HasSubstr("ADMIN_PORT is 81, the same as PORT")));
}

TEST(LandingSettings, ComputeOriginsAndLetEachBeReplaced) {
    config::Sources sources{{"PUBLIC_DOMAIN", "seance.dev"},
                            {"BEHOLDER_ORIGIN", "https://e.example.com"},
                            {"SIGNALING_ORIGIN", "https://s.example.com"}};
    config::Reader read(sources);

    auto settings = read_settings(read);

    EXPECT_THAT(read.problems(), IsEmpty());
    EXPECT_EQ(settings.origins.backend, "https://backend.seance.dev");
    EXPECT_EQ(settings.origins.beholder, "https://e.example.com");
    EXPECT_EQ(settings.origins.signaling, "wss://s.example.com");  // pages open a WebSocket there
    EXPECT_THAT(index_options(settings).page_fields.get("Content-Security-Policy"),
                HasSubstr("https://e.example.com"));
}

TEST(LandingSettings, RefuseWhatWouldChangeThePolicy) {
    EXPECT_THAT(problems_of({{"BACKEND_ORIGIN", "https://a.b; script-src *"}}),
                ElementsAre(HasSubstr("BACKEND_ORIGIN is")));
    EXPECT_THAT(problems_of({{"PUBLIC_DOMAIN", "https://seance.dev"}}),
                ElementsAre(HasSubstr("PUBLIC_DOMAIN is")));
    EXPECT_THAT(problems_of({{"FRAME_ANCESTORS", "'self'; script-src *"}}),
                ElementsAre(HasSubstr("FRAME_ANCESTORS")));
    EXPECT_THAT(problems_of({{"PERMISSIONS_POLICY", "a\r\nb"}}),
                ElementsAre(HasSubstr("PERMISSIONS_POLICY")));
    EXPECT_THAT(problems_of({{"BUILD_DIRECTORY", "assets"}}), ElementsAre(HasSubstr("/assets/")));
}

TEST(LandingSettings, LetAPolicyBeWrittenWhole) {
    config::Sources sources{{"CONTENT_SECURITY_POLICY", "default-src https:"}};
    config::Reader read(sources);

    EXPECT_EQ(index_options(read_settings(read)).page_fields.get("Content-Security-Policy"),
              "default-src https:");
}

}  // namespace seance::landing
