#include "net/websocket/tls_bridge.hpp"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <vector>

namespace seance::websocket {
namespace {

constexpr std::size_t kPiece = 16 * 1024;

// Lives as long as one of its two directions.
struct Bridge {
    Bridge(stream::TcpSocket socket, stream::Stream stream)
        : near(std::move(socket)), far(std::move(stream)) {}
    void close() {
        error_code ignored;
        near.close(ignored);
        far.close();
    }
    stream::TcpSocket near;
    stream::Stream far;
};

Awaitable<void> relay_out(std::shared_ptr<Bridge> bridge) {
    std::vector<char> piece(kPiece);
    while (true) {
        auto [ended, n] = co_await bridge->near.async_read_some(asio::buffer(piece), kAwait);
        if (ended) break;
        stream::TwoBuffers out{asio::buffer(piece.data(), n), asio::const_buffer()};
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

Result<stream::TcpSocket> bridge_tls(Loop& loop, stream::Stream tls) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_code(errno, boost::system::system_category());
    // Bytes are all that is asked of them: that they are no TCP is seen by nobody.
    stream::TcpSocket ours(loop.executor(), asio::ip::tcp::v4(), ends[0]);
    stream::TcpSocket near(loop.executor(), asio::ip::tcp::v4(), ends[1]);
    auto bridge = std::make_shared<Bridge>(std::move(near), std::move(tls));
    asio::co_spawn(loop.executor(), relay_out(bridge), asio::detached);
    asio::co_spawn(loop.executor(), relay_in(bridge), asio::detached);
    return ours;
}

}  // namespace seance::websocket
