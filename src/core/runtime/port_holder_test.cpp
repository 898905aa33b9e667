#include "core/runtime/port_holder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace seance {
namespace {

using boost::asio::ip::tcp;

constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 111 1 0\n"
    "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0\n";

TEST(PortHolder, IsTheSocketThatListensAndNoneThatTalks) {
    EXPECT_EQ(listening_inode(kTable, 8080), 222U);
    EXPECT_FALSE(listening_inode(kTable, 8081));
    EXPECT_FALSE(listening_inode("", 8080));
}

TEST(PortHolder, IsNamedWithItsProcess) {
    boost::asio::io_context io;
    tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));

    EXPECT_EQ(holder_of_port(acceptor.local_endpoint().port()),
              fmt::format("runtime_test (process {})", ::getpid()));
}

TEST(PortHolder, IsAnotherProgramWhereNobodyIsFound) {
    std::uint16_t port = 0;
    {
        boost::asio::io_context io;
        tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        port = acceptor.local_endpoint().port();
    }

    EXPECT_EQ(holder_of_port(port), "another program");
}

}  // namespace
}  // namespace seance
