#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Releases as the environment itself remembers them: there is no state file.
namespace seance::plan {

// A release is a point in time: from then on each service runs what the last deployment of it brought. Which
// release a deployment belongs to is in the variables that it was started with (SEANCE_RELEASE):
// "r12 df0e00f", or "r13 0f14641 back r9" where it brings an earlier one back. Equal commits prove neither.
struct ReleaseMark {
    int number = 0;      // 0: of a deployment that nobody numbered
    std::string commit;  // short; of the whole environment, whatever a service of it runs
    int back_to = 0;     // 0: it goes forward

    std::string print() const;
    static ReleaseMark parse(std::string_view text);  // also a commit alone, as it was written formerly
    bool operator==(const ReleaseMark&) const = default;
};

std::string print_release_number(int number);                    // "r12"
std::optional<int> parse_release_number(std::string_view text);  // of "r12"; nothing of all else

// The shared variable SEANCE_RELEASES: the last number, and what was seen of deployments while they ran. What
// the platform says of one that was replaced does not tell whether it ever was healthy.
class ReleaseLog {
  public:
    // The newest; more than history reads. With an id of 36 characters each that is 16 KB.
    static constexpr std::size_t kMostVerdicts = 400;

    static ReleaseLog parse(std::string_view text);  // what cannot be read is taken for empty
    std::string print() const;

    // The release that is made now: one of its own, or that of a run that was cut off on the same way.
    // `highest`: of the numbers that are seen elsewhere, should the log be lost.
    ReleaseMark begin(const std::string& commit, int back_to, int highest = 0);
    void end() { open_.reset(); }  // it has come to its end, good or bad

    // A later word replaces an earlier one: what was healthy may crash.
    void note(const std::string& deployment, bool good);
    std::optional<bool> was_good(std::string_view deployment) const;

    bool operator==(const ReleaseLog&) const = default;

  private:
    struct Verdict {
        std::string deployment;
        bool good = false;
        bool operator==(const Verdict&) const = default;
    };
    int last_ = 0;
    std::optional<ReleaseMark> open_;
    std::vector<Verdict> verdicts_;  // oldest first
};

}  // namespace seance::plan
