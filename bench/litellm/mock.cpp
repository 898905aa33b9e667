// An upstream that costs next to nothing: OpenAI's /chat/completions by the name of the model.
//   instant        1 KB of JSON at once          slow-1500       the same after 1.5 s
//   stream-200-10  200 chunks, one each 10 ms    error           500
//   both           stream of 20 chunks at once, or JSON, as the request asks
// A body that holds "please-fail" is answered 500. Chunks carry when they were sent, the first also when the
// request came to this program and to its socket, in ns of the monotonic clock, so that the reader can tell
// how long they were on their way.
//
// usage: litellm_mock PORT   (prints "ready")
#include <algorithm>
#include <charconv>
#include <queue>
#include <vector>

#include "bench/litellm/sockets.hpp"
#include "core/runtime/short_turns.hpp"

namespace {

using namespace bench;

struct Connection {
    std::string in, out;
    std::size_t sent = 0;
    std::uint32_t generation = 0;
    bool open = false, busy = false, wants_write = false, wants_usage = false;
    int chunks_left = 0;
    std::int64_t interval = 0, arrived = 0, reached = 0;  // here, its socket
};

struct Due {
    std::int64_t at;
    int fd;
    std::uint32_t generation;
    bool operator<(const Due& other) const { return at > other.at; }
};

constexpr int kTimersPerTurn = 16;

std::vector<Connection> connections(70'000);
std::priority_queue<Due> timers;
int epoll;

std::string json_body() {
    std::string text(700, 'x');
    return R"({"id":"chatcmpl-bench","object":"chat.completion","created":1730000000,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":")" +
           text +
           R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}},"system_fingerprint":"fp_bench"})";
}

std::string whole(const char* status, const std::string& body) {
    return std::string("HTTP/1.1 ") + status +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

const std::string kAnswer = whole("200 OK", json_body());
const std::string kError =
    whole("500 Internal Server Error",
          R"({"error":{"message":"asked to fail","type":"server_error","param":null,"code":null}})");

void close_connection(int fd) {
    auto& c = connections[static_cast<std::size_t>(fd)];
    close(fd);
    c.open = false;
    ++c.generation;
    c.in.clear();
    c.out.clear();
    c.in.shrink_to_fit();
}

void flush(int fd) {
    auto& c = connections[static_cast<std::size_t>(fd)];
    while (c.sent < c.out.size()) {
        auto n = send(fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) return close_connection(fd);
            break;
        }
        c.sent += static_cast<std::size_t>(n);
    }
    bool wants = c.sent < c.out.size();
    if (!wants) c.out.clear(), c.sent = 0;
    if (wants == c.wants_write) return;
    c.wants_write = wants;
    epoll_event event{wants ? EPOLLIN | EPOLLOUT : std::uint32_t{EPOLLIN}, {.fd = fd}};
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

void add_chunk(std::string& out, std::string_view data) {
    char size[16];
    auto* end = std::to_chars(size, size + sizeof(size), data.size(), 16).ptr;
    out.append(size, end).append("\r\n").append(data).append("\r\n");
}

// `due`: when it should go. The next one counts from there, so that a late chunk makes no others late with
// it; chunks that are due by now leave together.
void next_chunks(int fd, Connection& c, bool first, std::int64_t due) {
    constexpr std::string_view kBegin =
        R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1730000000,"model":"mock","choices":[{"index":0,"delta":{)";
    constexpr std::string_view kEnd = R"("},"finish_reason":null}]})"
                                      "\n\n";
    while (c.chunks_left > 0) {
        const auto now = now_ns();
        if (!first && due > now) return timers.push({due, fd, c.generation});
        char text[512];
        auto* at = text;
        auto put = [&at](std::string_view piece) { at = std::copy(piece.begin(), piece.end(), at); };
        auto put_number = [&at, &text](std::int64_t value) {
            at = std::to_chars(at, text + sizeof(text) - 1, value).ptr;
            *at++ = ' ';
        };
        put(kBegin);
        if (first) put(R"("role":"assistant",)");
        put(R"("content":")");
        if (first) put_number(c.arrived);
        put_number(now);
        if (first) put_number(c.reached);
        put(kEnd);
        add_chunk(c.out, {text, static_cast<std::size_t>(at - text)});
        --c.chunks_left;
        due += c.interval;
        first = false;
    }
    add_chunk(
        c.out,
        R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1730000000,"model":"mock","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
        "\n\n");
    if (c.wants_usage)
        add_chunk(
            c.out,
            R"(data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1730000000,"model":"mock","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30}})"
            "\n\n");
    add_chunk(c.out, "data: [DONE]\n\n");
    c.out += "0\r\n\r\n";
    c.busy = false;
}

int number_after(std::string_view text, std::string_view mark, int otherwise) {
    auto at = text.find(mark);
    if (at == std::string_view::npos) return otherwise;
    int value = otherwise;
    std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), value);
    return value;
}

void answer(int fd, Connection& c, std::string_view body) {
    c.arrived = now_ns();
    // Names stand at either end of a large body.
    auto front = body.substr(0, 2048), back = body.substr(body.size() > 2048 ? body.size() - 2048 : 0);
    auto has = [&](std::string_view mark) {
        return front.find(mark) != std::string_view::npos || back.find(mark) != std::string_view::npos;
    };
    auto where = front.find("\"model\"") != std::string_view::npos ? front : back;
    auto model = where.substr(std::min(where.size(), where.find("\"model\"")));
    model = model.substr(0, 60);
    if (has("please-fail") || model.find("error") != std::string_view::npos) {
        c.out += kError;
    } else if (auto delay = number_after(model, "slow-", 0); delay > 0) {
        c.busy = true;
        timers.push({c.arrived + std::int64_t{delay} * 1'000'000, fd, c.generation});
    } else if (model.find("stream-") != std::string_view::npos ||
               (model.find("both") != std::string_view::npos && has("\"stream\":true"))) {
        c.chunks_left = number_after(model, "stream-", 20);
        auto rest = model.substr(std::min(model.size(), model.find("stream-") + 7));
        c.interval = std::int64_t{number_after(rest, "-", 0)} * 1'000'000;
        c.busy = true;
        c.wants_usage = has("include_usage");
        c.out += "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        next_chunks(fd, c, true, c.arrived);
    } else {
        c.out += kAnswer;
    }
    flush(fd);
}

void read_from(int fd) {
    auto& c = connections[static_cast<std::size_t>(fd)];
    static char buffer[256 << 10];
    while (true) {
        auto n = receive(fd, buffer, sizeof(buffer), c.reached);
        if (n == 0 || (n < 0 && errno != EAGAIN)) return close_connection(fd);
        if (n < 0) break;
        c.in.append(buffer, static_cast<std::size_t>(n));
        if (static_cast<std::size_t>(n) < sizeof(buffer)) break;
    }
    while (!c.busy) {
        auto end = c.in.find("\r\n\r\n");
        if (end == std::string::npos) return;
        auto length = static_cast<std::size_t>(
            std::max(0, number_after(std::string_view(c.in).substr(0, end), "ontent-Length: ", 0)));
        if (c.in.size() < end + 4 + length) return;
        auto generation = c.generation;
        answer(fd, c, std::string_view(c.in).substr(end + 4, length));
        if (c.generation != generation) return;
        c.in.erase(0, end + 4 + length);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 64;
    allow_many_files();
    seance::take_short_turns(kTurn);
    auto listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    auto address = loopback(std::atoi(argv[1]));
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fail("bind");
    listen(listener, 4096);
    epoll = epoll_create1(0);
    epoll_event event{EPOLLIN, {.fd = listener}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    std::puts("ready");
    std::fflush(stdout);
    std::vector<epoll_event> events(1024);
    while (true) {
        auto deadline = timers.empty() ? now_ns() + 1'000'000'000 : timers.top().at;
        auto n = wait(epoll, events.data(), static_cast<int>(events.size()), deadline);
        for (int i = 0; i < n; ++i) {
            auto fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd != listener) {
                if (events[static_cast<std::size_t>(i)].events & EPOLLOUT) flush(fd);
                if (connections[static_cast<std::size_t>(fd)].open) read_from(fd);
                continue;
            }
            int accepted;
            while ((accepted = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
                no_delay(accepted);
                note_arrivals(accepted);
                auto& c = connections[static_cast<std::size_t>(accepted)];
                auto generation = c.generation + 1;
                c = {};
                c.generation = generation;
                c.open = true;
                epoll_event more{EPOLLIN, {.fd = accepted}};
                epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &more);
            }
        }
        // Some at a time: behind its time it still answers what comes at once.
        for (int i = 0; i < kTimersPerTurn && !timers.empty() && timers.top().at <= now_ns(); ++i) {
            auto due = timers.top();
            timers.pop();
            auto& c = connections[static_cast<std::size_t>(due.fd)];
            if (!c.open || c.generation != due.generation) continue;
            if (c.chunks_left > 0) {
                next_chunks(due.fd, c, false, due.at);
            } else {
                c.out += kAnswer;
                c.busy = false;
            }
            flush(due.fd);
        }
    }
}
