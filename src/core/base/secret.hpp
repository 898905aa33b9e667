#pragma once
#include <string>
#include <string_view>
#include <utility>

namespace seance {

// True if both are equal; takes the same time whatever the contents (not the lengths).
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Writes zeros in a way that the compiler does not leave out.
void wipe(void* memory, std::size_t size) noexcept;
// All that the text has room for; it is empty afterwards.
void wipe(std::string& text) noexcept;

// A value that must never be printed by accident. It has no conversion to text: `reveal()` is the one way
// out, so every use can be found by searching for it. Its memory is wiped before it is given up, so that a
// value is not found later in a core dump or in memory lent again. That is true of the Secret alone: whoever
// copies what reveal() gives wipes the copy.
template <class T>
class Secret {
  public:
    Secret() = default;
    explicit Secret(T value) : value_(std::move(value)) { wipe(value); }
    Secret(const Secret&) = default;
    Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { wipe(other.value_); }
    Secret& operator=(const Secret& other) {
        if (this != &other) {
            wipe(value_);
            value_ = other.value_;
        }
        return *this;
    }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe(value_);
            value_ = std::move(other.value_);
            wipe(other.value_);  // a short text has been copied, not moved
        }
        return *this;
    }
    ~Secret() { wipe(value_); }

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
