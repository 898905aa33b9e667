#include "platform/process/ports.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace seance::process {
namespace {

using boost::asio::ip::tcp;

TEST(Ports, ThatLastAreGivenOnceAndClaimedOnce) {
    const auto port = lasting_port();

    EXPECT_LT(port, 32768);
    EXPECT_TRUE(port_is_free(port));
    EXPECT_FALSE(claim_port(port)) << "it is given";
}

TEST(Ports, ThatSomebodyListensOnCannotBeClaimed) {
    boost::asio::io_context io;
    tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));

    EXPECT_FALSE(claim_port(acceptor.local_endpoint().port()));
}

}  // namespace
}  // namespace seance::process
