#include "services/litellm/domain/json_print.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "services/litellm/domain/money.hpp"

namespace seance::litellm {
namespace {

std::string printed(double number) {
    return print_json(boost::json::value(number));
}

TEST(JsonPrint, WritesNumbersAsPythonDoes) {
    EXPECT_EQ(printed(0.0005), "0.0005");
    EXPECT_EQ(printed(0.00005), "5e-05");
    EXPECT_EQ(printed(0), "0.0");
    EXPECT_EQ(printed(12), "12.0");
    EXPECT_EQ(printed(-0.1), "-0.1");
    EXPECT_EQ(printed(1e15), "1000000000000000.0");
    EXPECT_EQ(printed(1e16), "1e+16");
    EXPECT_EQ(printed(1.0 / 3), "0.3333333333333333");
    EXPECT_EQ(print_json(boost::json::value(7)), "7");
}

TEST(JsonPrint, WritesMoneyToItsLastDigit) {
    for (NanoUsd amount : {1LL, 12'345LL, 999'999'999'999'999LL, 100'000'000LL, 123'456'000'000'001LL})
        EXPECT_EQ(to_nanos(boost::json::parse(printed(to_usd(amount))).as_double()), amount) << amount;
}

TEST(JsonPrint, IsTheSameJsonOtherwise) {
    for (auto text :
         {R"({"a":[1,"x\n\u00e9",null,true],"b":{},"c":[],"\"":{"d":-5}})", "[]", "\"x\"", "null"})
        EXPECT_EQ(print_json(boost::json::parse(text)), boost::json::serialize(boost::json::parse(text)));
}

}  // namespace
}  // namespace seance::litellm
