#include "cli/terminal/table.hpp"

#include <gtest/gtest.h>

namespace seance::cli {
namespace {

TEST(Table, LinesUpColumnsByCharactersNotBytes) {
    Table table({"SERVICE", "STATE"});
    table.add({"séance", "● healthy"});
    table.add({"db", "○ starting"});

    EXPECT_EQ(table.print(Style{false}), "SERVICE  STATE\nséance   ● healthy\ndb       ○ starting\n");
}

TEST(Table, PaintsWithoutShiftingColumns) {
    Table table({"A", "B"});
    table.add({"x", "y"}, 0, &Style::green);

    EXPECT_EQ(table.print(Style{true}), "\033[2mA\033[0m  \033[2mB\033[0m\n\033[32mx\033[0m  y\n");
}

TEST(Table, CutsTheWidestColumnsToTheTerminalsWidth) {
    Table table({"SERVICE", "WHY"});
    table.add({"landing", "the last deployment is FAILED; the one before goes on"});
    Style narrow{false};
    narrow.set_width(30);

    EXPECT_EQ(table.print(narrow), "SERVICE  WHY\nlanding  the last deployment …\n");
}

TEST(Cut, CountsCharactersNotBytes) {
    EXPECT_EQ(cut("séance", 6), "séance");
    EXPECT_EQ(cut("séances", 6), "séanc…");
}

}  // namespace
}  // namespace seance::cli
