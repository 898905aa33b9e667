// A load generator for POST /v1/chat/completions; prints one line of JSON.
// usage: litellm_load MODE PORT MODEL [name=value …]
//   sequential   one connection, `count` requests one after the other
//   rate         `rate` requests a second for `seconds`, begun on time whatever the answers do
//   closed       `connections` that ask again as soon as they have their answer, for `seconds` or `count`
//   streams      `count` streams begun over `ramp` seconds, each once, at a moment of chance within its share
//   of them:
//                begun in step, all their chunks would fall into the same few moments of a chunk's interval
// Further: key=sk-… body=BYTES stream=0|1|0.5 timeout=SECONDS disconnect=0.05 fail=0.05 events=N (of a whole
// stream; another number is an error).
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "bench/litellm/sockets.hpp"
#include "core/runtime/short_turns.hpp"

namespace {

using namespace bench;

constexpr std::uint32_t kEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kAll = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
// Between two looks at who waits for a first token.
constexpr int kEventsPerTurn = 16;

struct Options {
    std::string mode, model, key = "sk-bench";
    int port = 0;
    double count = 0, rate = 0, seconds = 0, connections = 64, body = 0, stream = 0, timeout = 60, ramp = 1,
           disconnect = 0, fail = 0, events = 0;
};

struct Connection {
    int fd = -1;
    std::string out;
    std::size_t sent = 0;
    std::string in;
    std::int64_t scheduled = 0, begun = 0, deadline = 0, reached = 0;
    bool active = false, head_done = false, chunked = false, streamed = false, will_leave = false,
         will_fail = false, last = false;  // of its connection, as the server says
    long status = 0, length = 0;
    std::size_t at = 0;  // of the body, in `in`
    long chunk_left = -1;
    int events = 0;
    bool first_seen = false, done_seen = false;
    std::string tail;  // of decoded body, for marks that are cut
};

struct Totals {
    std::uint64_t good = 0, failed_as_asked = 0, left = 0, errors = 0, timeouts = 0, wrong_events = 0,
                  events = 0,
                  first_with_more =
                      0;  // the kernel tells when the last byte of a read came: these came sooner
    std::vector<float> latency, first, first_to_socket, transit;  // µs
    std::map<std::string, int> why;
};

class Load {
  public:
    explicit Load(Options options) : o_(std::move(options)), random_(42) {
        epoll_ = epoll_create1(0);
        expectant_ = epoll_create1(0);
        epoll_event event{EPOLLIN, {.ptr = nullptr}};
        epoll_ctl(epoll_, EPOLL_CTL_ADD, expectant_, &event);
        filler_.assign(static_cast<std::size_t>(o_.body), 'p');
    }

    void run() {
        auto start = now_ns();
        bool timed = o_.seconds > 0;
        auto end = timed ? start + static_cast<std::int64_t>(o_.seconds * 1e9) : INT64_MAX;
        auto most = o_.count > 0 ? static_cast<std::uint64_t>(o_.count) : UINT64_MAX;
        bool open_loop = o_.mode == "rate" || o_.mode == "streams";
        double per_ns = o_.mode == "streams" ? o_.count / (o_.ramp * 1e9) : o_.rate / 1e9;
        if (!open_loop)
            for (int i = 0; i < (o_.mode == "sequential" ? 1 : static_cast<int>(o_.connections)); ++i) {
                if (started_ < most) begin(now_ns());
            }
        std::vector<epoll_event> events(1024);
        auto last_sweep = start;
        while (true) {
            auto now = now_ns();
            if (open_loop) {
                // A request is due at its time, also if the loop comes late: the delay counts.
                while (started_ < most) {
                    auto due = start + turn(per_ns);
                    if (due > now || due >= end) break;
                    begin(due);
                }
            }
            bool over = started_ >= most || now >= end;
            if (over && active_ == 0) break;
            auto next = open_loop && !over ? start + turn(per_ns) : now + 20'000'000;
            auto n = wait(epoll_, events.data(), static_cast<int>(events.size()),
                          std::min(next, now + 20'000'000));
            for (int i = 0; i < n; ++i) {
                if (i % kEventsPerTurn == 0) serve_expectant();
                serve(events[static_cast<std::size_t>(i)]);
            }
            if (!open_loop)
                while (idle_waiting_ > 0) {
                    --idle_waiting_;
                    if (started_ < most && now_ns() < end) begin(now_ns());
                }
            if (now - last_sweep > 20'000'000) {
                last_sweep = now;
                for (auto& c : all_)
                    if (c->active && c->deadline < now) {
                        ++totals_.timeouts;
                        finish(*c, false, "timeout");
                    }
            }
        }
        print(static_cast<double>(now_ns() - start) / 1e9);
    }

  private:
    void serve(const epoll_event& event) {
        if (!event.data.ptr) return;
        auto& c = *static_cast<Connection*>(event.data.ptr);
        if (c.fd < 0) return;
        if (event.events & EPOLLOUT) flush(c);
        if (c.fd >= 0 && event.events & (EPOLLIN | kEnded)) read_from(c, event.events & kEnded);
    }

    // Before the crowd of running streams: a first token that waits until the second one lies behind it
    // cannot be told from that one by the time it came.
    void serve_expectant() {
        epoll_event events[64];
        const int n = epoll_wait(expectant_, events, 64, 0);
        for (const auto& event : std::span(events).first(static_cast<std::size_t>(std::max(0, n))))
            serve(event);
    }

    void move(Connection& c, int from, int to) {
        epoll_event event{kAll, {.ptr = &c}};
        epoll_ctl(from, EPOLL_CTL_DEL, c.fd, nullptr);
        epoll_ctl(to, EPOLL_CTL_ADD, c.fd, &event);
    }

    // When the next request is due, in nanoseconds from the start.
    std::int64_t turn(double per_ns) {
        if (o_.mode == "streams" && drawn_for_ != started_) {
            drawn_for_ = started_;
            drawn_ = std::uniform_real_distribution<>(0, 1)(moments_);
        }
        return static_cast<std::int64_t>((static_cast<double>(started_) + drawn_) / per_ns);
    }

    void begin(std::int64_t scheduled) {
        ++started_;
        ++active_;
        Connection* c = nullptr;
        if (!idle_.empty()) {
            c = idle_.back();
            idle_.pop_back();
        } else {
            if (free_.empty()) {
                all_.push_back(std::make_unique<Connection>());
                c = all_.back().get();
            } else {
                c = free_.back();
                free_.pop_back();
            }
            c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            if (c->fd < 0) fail("socket");
            no_delay(c->fd);
            note_arrivals(c->fd);
            auto address = loopback(o_.port);
            if (connect(c->fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 &&
                errno != EINPROGRESS)
                fail("connect");
            epoll_event event{kAll, {.ptr = c}};
            epoll_ctl(epoll_, EPOLL_CTL_ADD, c->fd, &event);
        }
        auto fd = c->fd;
        *c = {};
        c->fd = fd;
        c->active = true;
        c->scheduled = scheduled;
        c->begun = now_ns();
        c->deadline = scheduled + static_cast<std::int64_t>(o_.timeout * 1e9);
        std::uniform_real_distribution<double> uniform;
        c->streamed = uniform(random_) < o_.stream;
        c->will_leave = o_.disconnect > 0 && uniform(random_) < o_.disconnect;
        c->will_fail = o_.fail > 0 && uniform(random_) < o_.fail;
        std::string body = "{\"model\":\"" + o_.model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" +
                           (c->will_fail ? "please-fail" : "Say hi") + filler_ + "\"}]" +
                           (c->streamed ? ",\"stream\":true}" : "}");
        c->out =
            "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            "Authorization: Bearer " +
            o_.key + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        if (c->streamed) move(*c, epoll_, expectant_);
        flush(*c);
    }

    void flush(Connection& c) {
        while (c.sent < c.out.size()) {
            auto n = send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
            if (n < 0) {
                if (errno == EAGAIN || errno == ENOTCONN) return;
                return finish(c, false, "send");
            }
            c.sent += static_cast<std::size_t>(n);
        }
    }

    // `ended`: the peer has ended its direction, which is read too.
    void read_from(Connection& c, bool ended) {
        static char buffer[256 << 10];
        while (c.fd >= 0) {
            auto n = c.streamed && !c.first_seen ? receive(c.fd, buffer, sizeof(buffer), c.reached)
                                                 : recv(c.fd, buffer, sizeof(buffer), 0);
            if (n < 0 && errno == EAGAIN) return;
            if (n <= 0) {
                if (c.active) return finish(c, false, n == 0 ? "closed" : std::strerror(errno));
                std::erase(idle_, &c);
                return drop(c);
            }
            if (!c.active) return;
            c.in.append(buffer, static_cast<std::size_t>(n));
            const bool expectant = c.streamed && !c.first_seen;
            parse(c);
            if (expectant && c.first_seen && c.events > 1) ++totals_.first_with_more;
            // Less than there was room for is all there is; what comes later is an edge of its own.
            if (!c.active || (!ended && static_cast<std::size_t>(n) < sizeof(buffer))) return;
        }
    }

    void parse(Connection& c) {
        if (!c.head_done) {
            auto end = c.in.find("\r\n\r\n");
            if (end == std::string::npos) return;
            std::string_view head = std::string_view(c.in).substr(0, end);
            c.status = std::atol(c.in.c_str() + 9);
            c.head_done = true;
            c.chunked = head.find("chunked") != std::string_view::npos;
            c.last = head.find("onnection: close") != std::string_view::npos;
            // Ours writes it in capitals, the LiteLLM proxy in lower case.
            for (std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "})
                if (auto at = head.find(name); at != std::string_view::npos)
                    c.length = std::atol(head.data() + at + name.size());
            c.at = end + 4;
            if (c.will_leave) {
                ++totals_.left;
                return finish(c, true, nullptr, true);
            }
        }
        if (!c.chunked) {
            if (c.in.size() >= c.at + static_cast<std::size_t>(c.length)) judge(c);
            return;
        }
        while (c.active && c.at < c.in.size()) {
            if (c.chunk_left < 0) {
                auto line = c.in.find("\r\n", c.at);
                if (line == std::string::npos) break;
                c.chunk_left = std::strtol(c.in.c_str() + c.at, nullptr, 16);
                c.at = line + 2;
                if (c.chunk_left == 0) {
                    if (c.in.size() < c.at + 2) {
                        c.at = line - 1;
                        c.chunk_left = -1;
                        return;
                    }
                    return judge(c);
                }
            }
            auto take = std::min<std::size_t>(static_cast<std::size_t>(c.chunk_left), c.in.size() - c.at);
            decoded(c, std::string_view(c.in).substr(c.at, take));
            c.at += take;
            c.chunk_left -= static_cast<long>(take);
            if (c.chunk_left > 0) break;
            if (c.in.size() < c.at + 2) break;
            c.at += 2;
            c.chunk_left = -1;
        }
        if (c.active && c.at > 65536) {
            c.in.erase(0, c.at);
            c.at = 0;
        }
    }

    // Whole events of a stream, as they arrive.
    void decoded(Connection& c, std::string_view bytes) {
        c.tail += bytes;
        std::size_t end;
        while ((end = c.tail.find("\n\n")) != std::string::npos) {
            auto event = std::string_view(c.tail).substr(0, end);
            if (event.starts_with("data: [DONE]"))
                c.done_seen = true;
            else if (event.starts_with("data: ")) {
                ++c.events;
                note_times(c, event);
            }
            c.tail.erase(0, end + 2);
        }
    }

    void note_times(Connection& c, std::string_view event) {
        constexpr std::string_view mark = "\"content\":\"";
        auto at = event.find(mark);
        if (at == std::string_view::npos) return;
        char* rest = nullptr;
        auto one = std::strtoll(event.data() + at + mark.size(), &rest, 10);
        if (one == 0) return;
        auto now = now_ns();
        if (!c.first_seen) {
            c.first_seen = true;
            move(c, expectant_, epoll_);
            auto sent = std::strtoll(rest, &rest, 10), reached_mock = std::strtoll(rest, nullptr, 10);
            totals_.first.push_back(static_cast<float>((one - c.begun) + (now - sent)) / 1000);
            totals_.first_to_socket.push_back(
                static_cast<float>((reached_mock - c.begun) + (c.reached - sent)) / 1000);
        } else {
            totals_.transit.push_back(static_cast<float>(now - one) / 1000);
        }
    }

    void judge(Connection& c) {
        totals_.events += static_cast<std::uint64_t>(c.events);
        if (c.will_fail) {
            if (c.status != 500) return finish(c, false, "no 500");
            ++totals_.failed_as_asked;
            return finish(c, true);
        }
        if (c.status != 200) return finish(c, false, std::to_string(c.status).c_str());
        if (c.streamed && (!c.done_seen || (o_.events > 0 && c.events != static_cast<int>(o_.events)))) {
            ++totals_.wrong_events;
            return finish(c, false, "events");
        }
        ++totals_.good;
        totals_.latency.push_back(static_cast<float>(now_ns() - c.scheduled) / 1000);
        finish(c, true);
    }

    void finish(Connection& c, bool good, const char* why = nullptr, bool leave = false) {
        c.active = false;
        --active_;
        ++idle_waiting_;
        if (!good) {
            ++totals_.errors;
            ++totals_.why[why ? why : "?"];
        }
        if (!good || leave || c.last)
            drop(c);
        else
            idle_.push_back(&c);
    }

    void drop(Connection& c) {
        close(c.fd);
        c.fd = -1;
        free_.push_back(&c);
    }

    static double at(std::vector<float>& values, double share) {
        if (values.empty()) return 0;
        auto i =
            std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())));
        std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values.end());
        return values[i];
    }

    void print(double seconds) {
        auto& t = totals_;
        std::printf(
            "{\"seconds\":%.2f,\"started\":%llu,\"good\":%llu,\"per_second\":%.0f,\"errors\":%llu,"
            "\"timeouts\":%llu,"
            "\"failed_as_asked\":%llu,\"left\":%llu,\"wrong_events\":%llu,\"events\":%llu,"
            "\"first_with_more\":%llu",
            seconds, u(started_), u(t.good), static_cast<double>(t.good) / seconds, u(t.errors),
            u(t.timeouts), u(t.failed_as_asked), u(t.left), u(t.wrong_events), u(t.events),
            u(t.first_with_more));
        for (auto [name, values] : {std::pair("latency", &t.latency),
                                    {"first", &t.first},
                                    {"first_to_socket", &t.first_to_socket},
                                    {"transit", &t.transit}})
            std::printf(",\"%s_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}",
                        name, at(*values, .5), at(*values, .9), at(*values, .99), at(*values, .999),
                        at(*values, 1));
        std::printf(",\"why\":{");
        const char* comma = "";
        for (auto& [why, n] : t.why) std::printf("%s\"%s\":%d", std::exchange(comma, ","), why.c_str(), n);
        std::puts("}}");
    }
    static unsigned long long u(std::uint64_t n) { return n; }

    Options o_;
    std::mt19937 random_, moments_{43};
    double drawn_ = 0;
    std::uint64_t drawn_for_ = UINT64_MAX;
    int epoll_, expectant_;  // the second holds streams without a token
    std::string filler_;
    std::deque<std::unique_ptr<Connection>> all_;
    std::vector<Connection*> idle_, free_;
    std::uint64_t started_ = 0, active_ = 0;
    int idle_waiting_ = 0;
    Totals totals_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 64;
    allow_many_files();
    seance::take_short_turns(kTurn);
    Options o;
    o.mode = argv[1];
    o.port = std::atoi(argv[2]);
    o.model = argv[3];
    std::map<std::string, double*> numbers = {{"count", &o.count},
                                              {"rate", &o.rate},
                                              {"seconds", &o.seconds},
                                              {"connections", &o.connections},
                                              {"body", &o.body},
                                              {"stream", &o.stream},
                                              {"timeout", &o.timeout},
                                              {"ramp", &o.ramp},
                                              {"disconnect", &o.disconnect},
                                              {"fail", &o.fail},
                                              {"events", &o.events}};
    for (int i = 4; i < argc; ++i) {
        std::string text = argv[i], name = text.substr(0, text.find('=')),
                    value = text.substr(text.find('=') + 1);
        if (name == "key")
            o.key = value;
        else if (numbers.contains(name))
            *numbers[name] = std::atof(value.c_str());
        else
            return 64;
    }
    Load(std::move(o)).run();
}
