#include "net/stream/tls_bridge.hpp"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <vector>

namespace seance::stream {
namespace {

constexpr std::size_t kPiece = 16 * 1024;

// Lives as long as one of its two directions.
struct Bridge {
    Bridge(TcpSocket socket, Stream stream) : near(std::move(socket)), far(std::move(stream)) {}
    void close() {
        near.close();
        far.close();
    }
    TcpSocket near;
    Stream far;
};

Awaitable<void> relay_out(std::shared_ptr<Bridge> bridge) {
    std::vector<char> piece(kPiece);
    while (true) {
        auto [ended, n] = co_await bridge->near.async_read_some(asio::buffer(piece), kAwait);
        if (ended) break;
        TwoBuffers out{asio::buffer(piece.data(), n), asio::const_buffer()};
        auto [lost, written] = co_await bridge->far.write(out);
        if (lost) break;
    }
    bridge->close();
}

Awaitable<void> relay_in(std::shared_ptr<Bridge> bridge) {
    std::vector<char> piece(kPiece);
    while (true) {
        auto [ended, n] = co_await bridge->far.read_some(asio::buffer(piece));
        if (ended) break;
        auto [lost, written] =
            co_await asio::async_write(bridge->near, asio::buffer(piece.data(), n), kAwait);
        if (lost) break;
    }
    bridge->close();
}

}  // namespace

Result<TcpSocket> bridge_tls(Executor executor, Stream tls) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return error_code(errno, boost::system::system_category());
    // Bytes are all that is asked of them: that they are no TCP is seen by nobody.
    TcpSocket ours(executor, ends[0]);
    TcpSocket near(executor, ends[1]);
    auto bridge = std::make_shared<Bridge>(std::move(near), std::move(tls));
    asio::co_spawn(executor, relay_out(bridge), asio::detached);
    asio::co_spawn(executor, relay_in(bridge), asio::detached);
    return ours;
}

}  // namespace seance::stream
