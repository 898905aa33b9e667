#include "net/proxy/tunnel.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

namespace seance::proxy {
namespace {

class Tunnel {
  public:
    Tunnel(Loop& loop, stream::Stream client, stream::Stream& upstream, Duration idle)
        : loop_(loop),
          client_(std::move(client)),
          upstream_(upstream),
          idle_(idle),
          deadline_(
              loop.deadlines(), [](void* self) { static_cast<Tunnel*>(self)->close(); }, this) {}

    Awaitable<void> run(std::string to_upstream, std::string to_client) {
        deadline_.arm(idle_);
        auto executor = loop_.executor();
        co_await asio::experimental::make_parallel_group(
            asio::co_spawn(executor, copy(client_, upstream_, std::move(to_upstream)), asio::deferred),
            asio::co_spawn(executor, copy(upstream_, client_, std::move(to_client)), asio::deferred))
            .async_wait(asio::experimental::wait_for_all{}, asio::use_awaitable_t<Executor>{});
        close();
    }

  private:
    Awaitable<void> copy(stream::Stream& from, stream::Stream& to, std::string first) {
        if (!first.empty()) {
            stream::TwoBuffers buffers{asio::buffer(first), asio::const_buffer()};
            auto [error, size] = co_await to.write(buffers);
            if (error) co_return close();
        }
        auto buffer = loop_.buffers().take();
        while (true) {
            auto [error, size] = co_await from.read_some(asio::buffer(buffer.get(), BufferPool::kSize));
            if (error == asio::error::eof) {
                to.shutdown_send();
                break;
            }
            if (error) {
                close();
                break;
            }
            deadline_.arm(idle_);
            stream::TwoBuffers buffers{asio::buffer(buffer.get(), size), asio::const_buffer()};
            auto [write_error, written] = co_await to.write(buffers);
            if (write_error) {
                close();
                break;
            }
            deadline_.arm(idle_);
        }
        loop_.buffers().give_back(std::move(buffer));
    }

    void close() {
        client_.close();
        upstream_.close();
    }

    Loop& loop_;
    stream::Stream client_;
    stream::Stream& upstream_;
    Duration idle_;
    Deadline deadline_;
};

}  // namespace

Awaitable<void> run_tunnel(Loop& loop, http::TakenOver client, http::ClientConnection& upstream,
                           std::string to_client, Duration idle) {
    to_client += upstream.take_leftover();
    Tunnel tunnel(loop, stream::Stream(std::move(client.socket)), upstream.stream(), idle);
    co_await tunnel.run(std::move(client.leftover), std::move(to_client));
}

}  // namespace seance::proxy
