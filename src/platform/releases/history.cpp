#include "platform/releases/history.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "core/base/text.hpp"
#include "platform/plan/release_log.hpp"
#include "platform/remote/timestamp.hpp"

namespace seance::releases {

namespace {

constexpr std::size_t kTagDigits = 7;
constexpr std::string_view kDirty = "-dirty";

std::optional<double> seconds_between(const std::string& from, const std::string& to) {
    const auto begin = remote::parse_timestamp(from), end = remote::parse_timestamp(to);
    if (!begin || !end || *end < *begin) return std::nullopt;
    return std::chrono::duration<double>(*end - *begin).count();
}

bool before(const PastDeployment& a, const PastDeployment& b) {
    const auto left = remote::parse_timestamp(a.began), right = remote::parse_timestamp(b.began);
    if (left && right && *left != *right) return *left < *right;
    if (left.has_value() != right.has_value()) return left.has_value();
    return a.began < b.began;
}

// Which release a deployment belongs to.
struct Origin {
    std::string commit;
    bool by_hand = false, guessed = false;
    int number = 0, back_to = 0;
};

// Whether it goes on what `release` began.
bool belongs(const Release& release, const PastDeployment& next, const Origin& origin,
             const std::string& last_began) {
    if (origin.number > 0 || release.number > 0) return release.number == origin.number;
    if (origin.by_hand || release.by_hand || release.commit != origin.commit ||
        release.back_to_number != origin.back_to)
        return false;
    for (const auto& part : release.parts)
        if (part.service == next.service) return false;
    const auto pause = seconds_between(last_began, next.began);
    return !pause || *pause <= kMostMinutesBetween * 60;
}

// `undone`: it left all as it was before, so that what failed was all there was of it.
Verdict outcome_of(const Release& release, bool undone) {
    std::size_t good = 0, failed = 0, running = 0;
    for (const auto& part : release.parts) {
        good += part.ending == Ending::Good ? 1 : 0;
        failed += part.ending == Ending::Failed ? 1 : 0;
        running += part.ending == Ending::Running ? 1 : 0;
    }
    if (running > 0) return Verdict::Running;
    if (failed == release.parts.size() || (failed > 0 && undone)) return Verdict::Failed;
    if (failed > 0) return Verdict::Partly;
    return good > 0 ? Verdict::Good : Verdict::Unknown;
}

class Maker {
  public:
    void add(const PastDeployment& one) {
        const auto origin = origin_of(one);
        if (made_.empty() || !belongs(made_.back(), one, origin, last_began_)) {
            close();
            Release next;
            next.number = origin.number;
            next.commit = origin.commit;
            next.by_hand = origin.by_hand;
            next.back_to_number = origin.back_to;
            if (origin.back_to > 0) next.back_to = origin.commit;
            next.began = one.began;
            next.who = one.creator;
            made_.push_back(std::move(next));
        }
        last_began_ = one.began;
        auto& release = made_.back();
        release.guessed = release.guessed || origin.guessed;
        release.parts.push_back({one.service, one.id, one.status, one.image, one.ending});
        if (one.ending == Ending::Good || one.ending == Ending::Unknown)
            state_[one.service] = {
                one.id,      one.image, one.commit.empty() ? commit_of_image(one.image) : one.commit,
                one.content, one.began, one.can_return};
        const auto seconds = seconds_between(release.began, one.ended);
        if (one.ended.empty() || !seconds)
            unknown_end_ = true;
        else
            release.seconds = std::max(release.seconds.value_or(0), *seconds);
    }

    std::vector<Release> finish() {
        close();
        std::reverse(made_.begin(), made_.end());
        // The newest that left anything: what failed after it has left all as it was.
        const auto current = std::find_if(made_.begin(), made_.end(), [](const Release& one) {
            return one.ran() || one.outcome == Verdict::Unknown ||
                   (one.outcome == Verdict::Running &&
                    std::any_of(one.parts.begin(), one.parts.end(),
                                [](const ReleasePart& part) { return part.ending == Ending::Good; }));
        });
        if (current != made_.end()) current->current = true;
        return std::move(made_);
    }

  private:
    void close() {
        if (made_.empty()) return;
        auto& release = made_.back();
        release.state = state_;
        const bool undone = made_.size() > 1 && same_state(made_[made_.size() - 2], release) &&
                            made_[made_.size() - 2].state.size() == state_.size();
        release.outcome = outcome_of(release, undone);
        if (unknown_end_ || release.outcome == Verdict::Running) release.seconds.reset();
        unknown_end_ = false;
    }

    // The platform starts a deployment again, or one of old, with the variables of that one: its number came
    // before.
    Origin origin_of(const PastDeployment& one) {
        Origin origin;
        origin.commit = one.release;
        if (origin.commit.empty()) {
            origin.commit = one.commit.empty() ? commit_of_image(one.image) : one.commit;
            origin.guessed = !origin.commit.empty();
        }
        origin.by_hand = origin.commit.empty();
        if (one.number == 0) return origin;
        auto& own = numbers_[one.service];
        const bool again = one.number < highest_;
        if (!again) {
            origin.number = highest_ = one.number;
            origin.back_to = one.back_to;
        } else if (one.number < own)
            origin.back_to = one.number;
        own = one.number;
        return origin;
    }

    std::vector<Release> made_;
    std::map<std::string, Running> state_;
    std::map<std::string, int> numbers_;  // of the last deployment of each service
    int highest_ = 0;
    std::string last_began_;
    bool unknown_end_ = false;
};

int rank(const Release& release, Compare compare) {
    if (release.outcome == Verdict::Good)
        return compare == Compare::Deployments && release.back_to.empty() ? 4 : 3;
    if (release.outcome == Verdict::Partly) return 2;
    return release.outcome == Verdict::Unknown ? 1 : 0;
}

std::size_t common(std::string_view a, std::string_view b) {
    std::size_t n = 0;
    while (n < a.size() && n < b.size() && a[n] == b[n]) ++n;
    return n;
}

}  // namespace

std::string_view name(Verdict outcome) {
    switch (outcome) {
        case Verdict::Good:
            return "good";
        case Verdict::Partly:
            return "partly";
        case Verdict::Failed:
            return "failed";
        case Verdict::Running:
            return "running";
        case Verdict::Unknown:
            break;
    }
    return "unknown";
}

std::string_view name(Ending ending) {
    switch (ending) {
        case Ending::Good:
            return "good";
        case Ending::Failed:
            return "failed";
        case Ending::Running:
            return "running";
        case Ending::Unknown:
            break;
    }
    return "unknown";
}

std::string handle(const Release& release) {
    return release.number > 0 ? plan::print_release_number(release.number) : release.commit;
}

std::vector<Release> make_history(std::vector<PastDeployment> deployments) {
    std::stable_sort(deployments.begin(), deployments.end(), before);
    Maker maker;
    for (const auto& one : deployments) maker.add(one);
    return maker.finish();
}

bool same_state(const Release& a, const Release& b, Compare compare, const std::string& only_service) {
    for (const auto& [service, running] : a.state) {
        if (!only_service.empty() && service != only_service) continue;
        const auto other = b.state.find(service);
        if (other == b.state.end()) continue;  // it came later, and is left alone
        if (running.image != other->second.image) return false;
        if (compare == Compare::Deployments && running.deployment != other->second.deployment) return false;
    }
    return true;
}

std::optional<std::size_t> previous(const std::vector<Release>& history, Compare compare,
                                    const std::string& only_service) {
    const auto current =
        std::find_if(history.begin(), history.end(), [](const auto& one) { return one.current; });
    if (current == history.end()) return std::nullopt;
    std::optional<std::size_t> unsure;
    for (auto at = static_cast<std::size_t>(current - history.begin());;) {
        // What it brought back is where the search goes on; or, if not all of it came back, where it ends.
        if (history[at].back_to_number > 0 && history[at].outcome != Verdict::Failed) {
            const auto number = history[at].back_to_number;
            const auto there =
                std::find_if(history.begin() + static_cast<std::ptrdiff_t>(at) + 1, history.end(),
                             [&](const Release& one) { return one.number == number; });
            if (there == history.end()) return unsure;
            at = static_cast<std::size_t>(there - history.begin());
            if (!same_state(*there, *current, Compare::Images, only_service)) return at;
            if (there->back_to_number > 0) continue;
        }
        if (++at >= history.size()) return unsure;
        const auto& one = history[at];
        if (one.by_hand || same_state(one, *current, compare, only_service)) continue;
        if (one.outcome == Verdict::Good) return at;
        if (one.outcome == Verdict::Unknown && !unsure) unsure = at;
    }
}

std::optional<std::size_t> find(const std::vector<Release>& history, std::string_view commit,
                                Compare compare) {
    const auto wanted = lower(commit);
    if (const auto number = plan::parse_release_number(wanted)) {
        const auto there = std::find_if(history.begin(), history.end(),
                                        [&](const Release& one) { return one.number == *number; });
        if (there == history.end()) return std::nullopt;
        return static_cast<std::size_t>(there - history.begin());
    }
    if (wanted.size() < kLeastDigits) return std::nullopt;
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < history.size(); ++i) {
        const auto& one = history[i];
        if (one.commit.empty()) continue;
        if (!one.commit.starts_with(wanted) &&
            !(wanted.size() > one.commit.size() && wanted.starts_with(one.commit)))
            continue;
        if (!found || rank(one, compare) > rank(history[*found], compare)) found = i;
    }
    return found;
}

std::vector<std::string> near_ones(const std::vector<Release>& history, std::string_view commit) {
    std::vector<std::string> commits;
    std::set<std::string> seen;
    for (const auto& one : history)
        if (!one.commit.empty() && one.outcome != Verdict::Failed && seen.insert(one.commit).second)
            commits.push_back(one.commit);
    const auto wanted = lower(commit);
    const auto likely = nearest(wanted.substr(0, kTagDigits), commits);
    std::stable_sort(commits.begin(), commits.end(), [&](const std::string& a, const std::string& b) {
        if ((a == likely) != (b == likely)) return a == likely;
        return common(a, wanted) > common(b, wanted);
    });
    return commits;
}

std::string commit_of_image(std::string_view image) {
    image = image.substr(0, image.find('@'));
    const auto colon = image.rfind(':');
    if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return {};
    const auto tag = image.substr(colon + 1);
    const auto digits = tag.ends_with(kDirty) ? tag.substr(0, tag.size() - kDirty.size()) : tag;
    if (digits.size() != kTagDigits) return {};
    return std::all_of(digits.begin(), digits.end(), [](char c) { return hex_digit(c) >= 0; })
               ? std::string(tag)
               : std::string{};
}

}  // namespace seance::releases
