#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What ran when, from deployments that the platform remembers: there is no state file.
namespace seance::releases {

// How a deployment ended. Unknown: it is gone, and nothing tells whether it ever was active.
enum class Ending { Good, Failed, Running, Unknown };

// One deployment of one service, as far as it is known.
struct PastDeployment {
    std::string id, service;
    Ending ending = Ending::Unknown;
    std::string status;        // as the platform spells it
    std::string began, ended;  // RFC 3339; ended "" if not known
    std::string image;         // that it ran
    std::string creator;       // "" if not told
    bool can_return = false;   // the platform itself could bring it back
    // What seance had written beside it; all empty of one that was made by hand, or of which the platform no
    // longer has the variables.
    std::string release, commit, content;
    int number = 0,
        back_to = 0;  // of the release that it was started for, and of the one that this brings back
};

// A service as a release left it.
struct Running {
    std::string deployment, image, commit, content, began;
    bool can_return = false;
};

struct ReleasePart {
    std::string service, deployment, status, image;
    Ending ending = Ending::Unknown;
};

enum class Verdict { Good, Partly, Failed, Running, Unknown };
std::string_view name(Verdict outcome);  // "good", "partly", …: stable
std::string_view name(Ending ending);

// A point in time: what was started together, and what each service ran in the end.
struct Release {
    int number = 0;      // 0: seance gave it none
    std::string commit;  // short; "" of deployments that were made by hand
    bool by_hand = false;
    bool guessed = false;  // the commit was read from an image's tag alone
    std::string back_to;   // "abc1234" if this brought an earlier release back; never guessed
    int back_to_number = 0;
    std::string began;
    std::optional<double> seconds;  // nothing: not known, or not over
    std::string who;
    Verdict outcome = Verdict::Unknown;
    std::vector<ReleasePart> parts;        // in the order in which they were started
    std::map<std::string, Running> state;  // all services at its end, those it did not touch too
    bool current = false;                  // what runs now is what it left

    bool ran() const { return outcome == Verdict::Good || outcome == Verdict::Partly; }
};

// Deployments of one number are one release. One with a lower number than its service had before was brought
// back by the platform, with the variables of then. Of those without numbers: deployments of one commit,
// unless a service comes again, another one came between, or this many minutes lie between two of them.
inline constexpr int kMostMinutesBetween = 30;

// What leads to just this one, on the command line: "r12", or its commit where it has no number.
std::string handle(const Release& release);

// Newest first. Deployments in any order.
std::vector<Release> make_history(std::vector<PastDeployment> deployments);

// Whether the same images run; with `variables`, the same deployments of them.
enum class Compare { Images, Deployments };
bool same_state(const Release& a, const Release& b, Compare compare = Compare::Images,
                const std::string& only_service = {});

// The good release before the last one that changed something: what a release that went back has undone is no
// candidate, and one that left all as it was is passed over. Nothing: there is none. An index of `history`.
std::optional<std::size_t> previous(const std::vector<Release>& history, Compare compare = Compare::Images,
                                    const std::string& only_service = {});

// The release of a number ("r12"), or the newest of a commit, one that ran before one that did not; where
// deployments count, the one that brought the commit before those that brought it back. `commit` may be
// longer or shorter (kLeastDigits) than what is known of it.
inline constexpr std::size_t kLeastDigits = 4;
std::optional<std::size_t> find(const std::vector<Release>& history, std::string_view commit,
                                Compare compare = Compare::Images);

// The commits that ran, without repetition, newest first; those that look like `commit` before all others.
std::vector<std::string> near_ones(const std::vector<Release>& history, std::string_view commit);

// The commit that an image's tag names, as seance's do: "abc1234" or "abc1234-dirty"; "" if it names none.
std::string commit_of_image(std::string_view image);

}  // namespace seance::releases
