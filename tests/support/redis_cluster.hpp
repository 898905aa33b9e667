#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "tests/support/raw_client.hpp"
#include "tests/support/redis_server.hpp"

namespace seance::testing_support {

// Two masters of real redis-server that share the slots, without replicas.
class RedisCluster {
  public:
    // `more`: further lines of the configuration of each, by its number.
    explicit RedisCluster(const std::function<std::string(std::size_t)>& more = nullptr) {
        for (std::size_t i = 0; i < 2; ++i) {
            bus_ports_.push_back(free_port());
            nodes_[i] = std::make_unique<RedisServer>(
                "", "cluster-enabled yes\ncluster-node-timeout 2000\ncluster-port " +
                        std::to_string(bus_ports_.back()) + "\n" + (more ? more(i) : ""));
        }
        tell(0, "CLUSTER ADDSLOTSRANGE 0 8191");
        tell(1, "CLUSTER ADDSLOTSRANGE 8192 16383");
        tell(0, "CLUSTER MEET 127.0.0.1 " + std::to_string(port(1)) + " " + std::to_string(bus_ports_[1]));
        for (std::size_t i = 0; i < 2; ++i)
            for (int tries = 0; tell(i, "CLUSTER INFO").find("cluster_state:ok") == std::string::npos;
                 ++tries) {
                if (tries > 1000) throw std::runtime_error("the cluster did not form");
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
    }
    std::uint16_t port(std::size_t node = 0) const { return nodes_[node]->port(); }
    RedisServer& node(std::size_t index) { return *nodes_[index]; }

  private:
    std::string tell(std::size_t node, const std::string& command) {
        RawClient client(port(node));
        client.sends(command + "\r\nQUIT\r\n");
        return client.receives_all();
    }

    std::unique_ptr<RedisServer> nodes_[2];
    std::vector<std::uint16_t> bus_ports_;
};

}  // namespace seance::testing_support
