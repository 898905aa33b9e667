#include "cli/remote/way_back.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/exit_code.hpp"
#include "core/base/text.hpp"
#include "platform/plan/release_log.hpp"
#include "platform/releases/git.hpp"

namespace seance::cli {

namespace {

using releases::Release;

class Chooser {
  public:
    Chooser(Context& context, const plan::Live& live, const std::vector<Release>& history, const BackTo& to)
        : context_(context), live_(live), history_(history), to_(to) {}

    std::optional<WayBack> choose() {
        if (!to_.service.empty() && !live_.service(to_.service)) return no_service();
        for (const auto& one : history_)
            if (one.current) way_.current = &one;
        if (!way_.current)
            return refuse(kNotThere, "NO_RELEASE",
                          fmt::format("nothing was ever deployed to {} with success", to_.environment));
        return to_.release.empty() ? before_current() : named();
    }

  private:
    std::nullopt_t refuse(int exit, std::string_view code, std::string_view what,
                          std::string_view hint = {}) {
        context_.exit_code = context_.fail(exit, code, what, hint);
        return std::nullopt;
    }

    std::nullopt_t no_service() {
        std::vector<std::string> names;
        for (const auto& one : live_.services) names.push_back(one.name);
        return refuse(kNotThere, "NO_SERVICE",
                      fmt::format("there is no service {} in {}{}", to_.service, to_.environment,
                                  did_you_mean(to_.service, names)),
                      fmt::format("those there are: {}", fmt::join(names, ", ")));
    }

    std::optional<WayBack> before_current() {
        const auto found = releases::previous(history_, to_.compare, to_.service);
        const auto other = releases::previous(history_, releases::Compare::Deployments, to_.service);
        if (!found && other && to_.compare == releases::Compare::Images)
            return refuse(kNotThere, "NO_RELEASE",
                          fmt::format("no release before {} ran other images", way_.current->commit),
                          fmt::format("{} ran the same ones with other variables: {} rollback "
                                      "--with-variables brings those back",
                                      releases::handle(history_[*other]), context_.command()));
        if (!found)
            return refuse(
                kNotThere, "NO_RELEASE",
                fmt::format("there is no good release before {} to go back to",
                            way_.current->by_hand ? "what was deployed by hand" : way_.current->commit),
                fmt::format("seance -e {} releases lists what there is; --to COMMIT (or its number, as r12) "
                            "goes to any of them",
                            to_.environment));
        way_.target = &history_[*found];
        return way_;
    }

    std::optional<WayBack> named() {
        const auto found = releases::find(history_, to_.release, to_.compare);
        const auto near = releases::near_ones(history_, to_.release);
        const auto hint = near.empty() ? std::string("there is no release that ran")
                                       : fmt::format("those there are: {}", fmt::join(near, ", "));
        if (!found) {
            const bool too_short = to_.release.size() < releases::kLeastDigits &&
                                   !plan::parse_release_number(lower(to_.release));
            return refuse(kNotThere, "NO_RELEASE",
                          too_short
                              ? fmt::format("{} is too short for a commit: at least {} digits", to_.release,
                                            releases::kLeastDigits)
                              : fmt::format("there is no release {} of {}", to_.release, to_.environment),
                          hint);
        }
        const auto& target = history_[*found];
        if (target.outcome == releases::Verdict::Failed)
            return refuse(kNotThere, "NO_RELEASE",
                          fmt::format("release {} failed: it never ran", target.commit), hint);
        if (&target == way_.current && target.outcome == releases::Verdict::Partly) {
            std::vector<std::string> failed;
            for (const auto& part : target.parts)
                if (part.ending == releases::Ending::Failed) failed.push_back(part.service);
            return refuse(
                kNotThere, "NO_RELEASE",
                fmt::format("{} is what {} runs already, all but {}, which failed in it", target.commit,
                            to_.environment, fmt::join(failed, ", ")),
                fmt::format("to try again: {0} deploy; to undo it: {0} rollback", context_.command()));
        }
        if (target.outcome == releases::Verdict::Running)
            return refuse(kRefused, "UNDER_WAY", fmt::format("release {} is still under way", target.commit),
                          fmt::format("seance -e {} status shows how it goes on", to_.environment));
        way_.target = &target;
        return way_;
    }

    Context& context_;
    const plan::Live& live_;
    const std::vector<Release>& history_;
    const BackTo& to_;
    WayBack way_;
};

}  // namespace

std::optional<WayBack> find_way_back(Context& context, const plan::Live& live,
                                     const std::vector<Release>& history, const BackTo& to) {
    return Chooser{context, live, history, to}.choose();
}

std::string CommitsBetween::print() const {
    std::string text;
    const auto list = [&](std::string_view title, const std::vector<std::string>& commits) {
        if (commits.empty()) return;
        text += fmt::format("\n{}\n", title);
        for (const auto& commit : commits) text += fmt::format("  {}\n", commit);
        if (commits.size() == releases::kMostShown) text += "  …\n";
    };
    list("Commits that it undoes:", undone);
    list("Commits that it brings:", brought);
    return text;
}

Awaitable<CommitsBetween> commits_between(std::string root, std::string from, std::string to) {
    CommitsBetween made;
    auto there = co_await releases::read_commit(root, to);
    if (!there) co_return made;
    made.subject = there->subject;
    auto here = co_await releases::read_commit(root, from);
    if (!here) co_return made;
    made.known = true;
    made.undone = co_await releases::commits_between(root, to, from);
    made.brought = co_await releases::commits_between(root, from, to);
    co_return made;
}

}  // namespace seance::cli
