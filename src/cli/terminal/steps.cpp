#include "cli/terminal/steps.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>

namespace seance::cli {

namespace {

using plan::Event;

std::string now_utc() {
    return fmt::format("{:%FT%TZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

std::string_view type_of(Event::Type type) {
    switch (type) {
        case Event::Type::StepStart:
            return "step.start";
        case Event::Type::StepProgress:
            return "step.progress";
        case Event::Type::StepEnd:
            return "step.end";
        case Event::Type::Log:
            return "log";
        case Event::Type::Warning:
            break;
    }
    return "warning";
}

std::string seconds(double ms) {
    return ms < 950 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

// Cut to a number of characters, not within one.
std::string fitting(std::string text, std::size_t most) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
        if (++characters > most) {
            text.resize(i);
            break;
        }
    }
    return text;
}

}  // namespace

Steps::Steps(const Context& context)
    : context_(context), live_(::isatty(STDERR_FILENO) && context.note_style().colour() && !context.quiet) {
    winsize size{};
    if (live_ && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) width_ = size.ws_col;
}

Steps::~Steps() {
    erase();
}

void Steps::operator()(const Event& event) {
    if (context_.json) return print_json(event);
    erase();
    print(event);
    draw();
}

void Steps::print_json(const Event& event) {
    boost::json::object line{
        {"ts", now_utc()}, {"type", type_of(event.type)}, {"id", event.id}, {"text", event.text}};
    if (event.type == Event::Type::StepEnd) {
        line["ok"] = event.ok;
        line["ms"] = event.ms;
    }
    context_.result(boost::json::serialize(line) + "\n");
}

void Steps::print(const Event& event) {
    const auto& style = context_.note_style();
    const auto found =
        std::find_if(open_.begin(), open_.end(), [&](const Open& one) { return one.id == event.id; });
    switch (event.type) {
        case Event::Type::StepStart:
            if (!live_) line(fmt::format("{} {}", now_utc(), event.text));
            open_.push_back({event.id, event.text, "", Clock::now()});
            return;
        case Event::Type::StepProgress:
            if (found != open_.end()) found->detail = event.text;
            if (!live_ && context_.verbose) line(fmt::format("{} {}: {}", now_utc(), event.id, event.text));
            return;
        case Event::Type::StepEnd: {
            const auto text = found == open_.end() ? event.id : found->text;
            const auto sign = event.ok ? style.green("✔") : style.red("✘");
            const auto how = event.text == "done" ? std::string{} : "  " + style.dim(event.text);
            line(fmt::format("{}{} {}{}  {}", live_ ? "" : now_utc() + " ", sign, text, how,
                             style.dim(seconds(event.ms))));
            if (found != open_.end()) open_.erase(found);
            return;
        }
        case Event::Type::Log:
            line(fmt::format("    {} {}", style.dim(event.id + " |"), event.text));
            return;
        case Event::Type::Warning:
            line(fmt::format("{} {}", style.yellow("!"), event.text));
            return;
    }
}

void Steps::line(const std::string& text) {
    context_.note(text);
}

void Steps::erase() {
    if (drawn_ == 0) return;
    const auto text = fmt::format("\x1b[{}A\x1b[J", drawn_);
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, text.data(), text.size());
    drawn_ = 0;
}

void Steps::draw() {
    if (!live_) return;
    std::string all;
    for (const auto& one : open_) {
        const auto plain = fmt::format("… {}{}{}", one.text, one.detail.empty() ? "" : "  ", one.detail);
        all += context_.note_style().dim(fitting(plain, width_ - 1)) + "\n";
    }
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, all.data(), all.size());
    drawn_ = open_.size();
}

}  // namespace seance::cli
