#pragma once
#include <sys/uio.h>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include "core/runtime/reactor.hpp"

namespace seance::stream {

// Asio's own, which knows how to connect; TcpSocket(executor, connecting.release()) is what comes of it.
using Connecting = asio::basic_stream_socket<asio::ip::tcp, Executor>;

// A connected stream socket on a loop's reactor, with what Asio asks of an AsyncReadStream and an
// AsyncWriteStream. One read or wait for reading, and one of writing, at a time. On a socket that is not open
// operations give bad_descriptor.
class TcpSocket {
  public:
    using executor_type = Executor;
    using lowest_layer_type = TcpSocket;
    using Direction = Reactor::Direction;

    explicit TcpSocket(const Executor& executor) : reactor_(&Reactor::of(executor)) {}
    // Takes over `fd`, connected and not blocking. Closes it if the kernel has no room to watch it: then the
    // socket is not open.
    TcpSocket(const Executor& executor, int fd);
    TcpSocket(TcpSocket&& other) noexcept
        : reactor_(other.reactor_), watched_(std::exchange(other.watched_, nullptr)) {}
    TcpSocket& operator=(TcpSocket&& other) noexcept;
    ~TcpSocket() { close(); }

    executor_type get_executor() const { return reactor_->executor(); }
    lowest_layer_type& lowest_layer() { return *this; }
    const lowest_layer_type& lowest_layer() const { return *this; }
    bool is_open() const { return watched_ != nullptr; }
    int native_handle() const { return watched_ ? watched_->fd : -1; }

    void close();   // what waits ends with operation_aborted
    int release();  // no longer ours; -1 if it was not open
    void cancel();
    // Waits with an operation that is part of its owner: nothing is made for it, and nothing is told when it
    // is forgotten.
    void start(Direction direction, Operation& operation);
    void forget(Direction direction);
    // Whoever is ready at the same time goes first from now on, or no longer does.
    void give_way(bool on) {
        if (watched_) watched_->gives_way = on;
    }
    // It has its turn in each of the loop's, however many others are ready (Reactor).
    void go_first() {
        if (watched_) reactor_->let_go_first(*watched_);
    }
    // The peer has ended its direction, or the connection is broken, and nothing is left to read.
    bool peer_is_gone() const;
    error_code shutdown_send();
    error_code set_no_delay();
    asio::ip::address peer() const;  // 0.0.0.0 if there is none

    // As recv(2), sendmsg(2) and sendfile(2), without waiting: -1 with EAGAIN when they would have to.
    ssize_t receive_now(void* to, std::size_t size);
    ssize_t send_now(const iovec* parts, std::size_t count);
    ssize_t send_file_now(int file, off_t& offset, std::size_t size);

    // void(error_code): may be read, or the peer has ended; may be written.
    template <class Token>
    auto async_wait(Direction direction, Token&& token) {
        return asio::async_initiate<Token, void(error_code)>(
            [this, direction](auto handler) {
                this->start<Wait>(direction, std::move(handler), NoBuffers{});
            },
            token);
    }

    // void(error_code, std::size_t)
    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return transfer_some<Read>(buffers, token);
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return transfer_some<Write>(buffers, token);
    }

  private:
    static constexpr std::size_t kMostParts = 16;  // of one call; longer sequences take several
    struct NoBuffers {};
    enum Kind : std::uint8_t { Wait, Read, Write };

    static ssize_t receive(Watched& watched, const iovec* parts, std::size_t count);
    static ssize_t send(Watched& watched, const iovec* parts, std::size_t count);
    static bool transfer(Watched& watched, Kind kind, const iovec* parts, std::size_t count,
                         error_code& error, std::size_t& size);

    template <Kind kKind, class Handler, class Buffers>
    class Pending final : public Operation {
      public:
        Pending(Watched* watched, Executor executor, Handler handler, const Buffers& buffers)
            : watched_(watched), executor_(executor), handler_(std::move(handler)), buffers_(buffers) {}

        bool attempt() override {
            if constexpr (kKind == Wait) {
                return true;
            } else {
                iovec parts[kMostParts];
                std::size_t count = 0;
                auto at = asio::buffer_sequence_begin(buffers_);
                for (; at != asio::buffer_sequence_end(buffers_) && count < kMostParts; ++at)
                    if (at->size() > 0) parts[count++] = {const_cast<void*>(at->data()), at->size()};
                return transfer(*watched_, kKind, parts, count, error_, size_);
            }
        }

        void finish(End end, error_code why) override {
            auto allocator = allocator_of(handler_);
            auto handler = std::move(handler_);
            const auto error = why ? why : error_;
            const auto size = size_;
            const auto fallback = executor_;
            std::allocator_traits<decltype(allocator)>::destroy(allocator, this);
            std::allocator_traits<decltype(allocator)>::deallocate(allocator, this, 1);
            if (end == End::Dropped) return;
            auto executor = asio::get_associated_executor(handler, fallback);
            auto call = [handler = std::move(handler), error, size]() mutable {
                static_cast<void>(size);  // a wait has none
                if constexpr (kKind == Wait)
                    std::move(handler)(error);
                else
                    std::move(handler)(error, size);
            };
            if (end == End::Now)
                asio::dispatch(executor, std::move(call));
            else
                asio::post(executor, std::move(call));
        }

        static auto allocator_of(const Handler& handler) {
            auto own = asio::get_associated_allocator(handler, asio::recycling_allocator<void>());
            return typename std::allocator_traits<decltype(own)>::template rebind_alloc<Pending>(own);
        }

      private:
        Watched* watched_;
        Executor executor_;
        Handler handler_;
        [[no_unique_address]] Buffers buffers_;
        error_code error_;
        std::size_t size_ = 0;
    };

    template <Kind kKind, class Buffers, class Token>
    auto transfer_some(const Buffers& buffers, Token& token) {
        return asio::async_initiate<Token, void(error_code, std::size_t)>(
            [this, buffers](auto handler) {
                constexpr auto kDirection = kKind == Read ? Direction::kReading : Direction::kWriting;
                this->start<kKind>(kDirection, std::move(handler), buffers);
            },
            token);
    }

    template <Kind kKind, class Handler, class Buffers>
    void start(Direction direction, Handler handler, const Buffers& buffers) {
        using Made = Pending<kKind, Handler, Buffers>;
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto allocator = Made::allocator_of(handler);
        using Traits = std::allocator_traits<decltype(allocator)>;
        auto* made = Traits::allocate(allocator, 1);
        Traits::construct(allocator, made, watched_, get_executor(), std::move(handler), buffers);
        // Asio's TLS asks for nothing when it has had all it needs, to be called back from the loop.
        if constexpr (kKind != Wait)
            if (asio::buffer_size(buffers) == 0) return made->finish(Operation::End::Later, {});
        if (slot.is_connected() && watched_)
            slot.assign(
                [reactor = reactor_, index = watched_->index, generation = watched_->generation, direction,
                 made](asio::cancellation_type) { reactor->cancel(index, generation, direction, *made); });
        start(direction, *made);
    }

    Reactor* reactor_;
    Watched* watched_ = nullptr;
};

}  // namespace seance::stream
