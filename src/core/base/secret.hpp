#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace seance {

// True if both are equal; takes the same time whatever the contents (not the lengths).
bool equal_in_constant_time(std::string_view a, std::string_view b);

// A value that must never be printed by accident. It has no conversion to text: `reveal()` is the one way
// out, so every use can be found by searching for it.
template <class T>
class Secret {
  public:
    Secret() = default;
    explicit Secret(T value) : value_(std::move(value)) {}

    const T& reveal() const { return value_; }
    bool empty() const { return value_.empty(); }

    friend bool operator==(const Secret& a, const Secret& b) {
        return equal_in_constant_time(a.value_, b.value_);
    }

  private:
    T value_{};
};

using SecretText = Secret<std::string>;

// What stands in logs and messages in place of a secret.
inline constexpr std::string_view kHidden = "«hidden»";

}  // namespace seance
