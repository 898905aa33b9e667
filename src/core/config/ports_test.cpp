#include "core/config/ports.hpp"

#include <gmock/gmock.h>

namespace seance::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> problems(std::uint16_t admin_port, std::uint16_t port, std::string_view address) {
    Sources none;
    Reader read{none};
    check_admin_port(read, admin_port, port, address);
    return read.problems();
}

}  // namespace

TEST(AdminPort, IsNotThatOfTheService) {
    for (const char* address : {"::", "0.0.0.0", "127.0.0.1", "localhost"})
        EXPECT_THAT(problems(4444, 4444, address),
                    ElementsAre("ADMIN_PORT is 4444, the same as PORT; set one of the two to another port"))
            << address;
}

TEST(AdminPort, IsFineWhereTheyDoNotMeet) {
    EXPECT_THAT(problems(9444, 4444, "::"), IsEmpty());
    EXPECT_THAT(problems(0, 0, "::"), IsEmpty()) << "neither has one";
    EXPECT_THAT(problems(4444, 4444, "10.0.0.1"), IsEmpty()) << "it is on 127.0.0.1";
}

}  // namespace seance::config
