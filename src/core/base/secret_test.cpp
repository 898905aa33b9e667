#include "core/base/secret.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>

#include "core/base/wiped_bytes.hpp"

namespace seance {

namespace {

const std::string kShort = "sk_Sentinel";  // fits into the object itself
const std::string kLong = "sk_Sentinel-" + std::string(100, 's');

// Memory for one SecretText that can be looked at when the object is gone.
struct Place {
    alignas(SecretText) std::array<char, sizeof(SecretText)> bytes{};

    SecretText* make(SecretText value) { return new (bytes.data()) SecretText(std::move(value)); }
    bool holds(std::string_view text) const {
        return std::string_view(bytes.data(), bytes.size()).find(text) != std::string_view::npos;
    }
};

}  // namespace

TEST(Secret, ComparesByValue) {
    EXPECT_TRUE(SecretText("abc") == SecretText("abc"));
    EXPECT_FALSE(SecretText("abc") == SecretText("abd"));
    EXPECT_FALSE(SecretText("abc") == SecretText("abcd"));
    EXPECT_TRUE(SecretText("") == SecretText(""));
}

TEST(Secret, LeavesNothingInItsMemoryWhenDestroyed) {
    Place place;
    auto* secret = place.make(SecretText(kShort));
    ASSERT_TRUE(place.holds("Sentinel"));

    std::destroy_at(secret);

    EXPECT_FALSE(place.holds("entine"));
}

TEST(Secret, LeavesNothingBehindWhenMoved) {
    Place place;
    auto* secret = place.make(SecretText(kShort));

    SecretText moved(std::move(*secret));
    EXPECT_EQ(moved.reveal(), kShort);
    EXPECT_FALSE(place.holds("entine"));

    *secret = SecretText(kShort);
    moved = std::move(*secret);
    EXPECT_EQ(moved.reveal(), kShort);
    EXPECT_FALSE(place.holds("entine"));
    std::destroy_at(secret);
}

TEST(Secret, WipesALongValueBeforeAShorterOneTakesItsPlace) {
    SecretText secret(kLong);
    const SecretText shorter("x");

    secret = shorter;

    // The same memory, in which the shorter one now stands.
    ASSERT_GE(secret.reveal().capacity(), kLong.size());
    const std::string_view room(secret.reveal().data(), kLong.size());
    EXPECT_EQ(room.find("entine"), std::string_view::npos);
    EXPECT_EQ(secret.reveal(), "x");
}

TEST(Secret, StaysItselfWhenAssignedToItself) {
    SecretText secret(kLong);
    auto& same = secret;

    secret = same;
    EXPECT_EQ(secret.reveal(), kLong);
    secret = std::move(same);
    EXPECT_EQ(secret.reveal(), kLong);
}

TEST(Secret, MovesWithoutCopyingALongValue) {
    SecretText secret(kLong);
    const auto* memory = secret.reveal().data();

    SecretText moved(std::move(secret));

    EXPECT_EQ(moved.reveal().data(), memory);
    static_assert(std::is_nothrow_move_constructible_v<SecretText>);
}

TEST(Wipe, EmptiesATextAndAllItHadRoomFor) {
    std::string text = kLong;
    text.resize(3);

    wipe(text);

    EXPECT_TRUE(text.empty());
    ASSERT_GE(text.capacity(), kLong.size());
    EXPECT_EQ(std::string_view(text.data(), kLong.size()), std::string(kLong.size(), '\0'));
}

TEST(WipedBytes, GrowsAndKeepsItsText) {
    WipedBytes bytes;
    std::string expected;
    for (int i = 0; i < 200; ++i) {
        append(bytes, kShort);
        expected += kShort;
    }
    EXPECT_EQ(text_of(bytes), expected);
}

}  // namespace seance
