// Runs a fuzz target over its seeds and over mutations of them: <program> SEED_FOLDER ROUNDS [RUN]
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

const std::string* current = nullptr;

// What ended the run, so that it can become a seed: in hex, without allocating.
void tell_input(int) {
    if (current != nullptr)
        for (unsigned char c : *current) std::fprintf(stderr, "%02x", c);
    std::fputc('\n', stderr);
}

void try_input(const std::string& input) {
    current = &input;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::string mutate(std::string text, const std::vector<std::string>& seeds, std::mt19937_64& random) {
    static const std::string kInteresting("\0\r\n \t:;,\"\\{}[]=%\x7f\x80\xff", 20);
    for (auto changes = random() % 6 + 1; changes > 0; --changes) {
        auto at = text.empty() ? 0 : random() % text.size();
        switch (random() % 6) {
            case 0:
                text.insert(at, 1, static_cast<char>(random()));
                break;
            case 1:
                text.insert(at, 1, kInteresting[random() % kInteresting.size()]);
                break;
            case 2:
                text.erase(at, random() % 8);
                break;
            case 3:
                if (!text.empty()) text[at] = static_cast<char>(random());
                break;
            case 4:
                text.insert(at, text.substr(random() % (text.size() + 1), random() % 32));
                break;
            default: {
                const auto& other = seeds[random() % seeds.size()];
                text = text.substr(0, at) + other.substr(random() % (other.size() + 1));
            }
        }
    }
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: %s SEED_FOLDER ROUNDS [RUN]\n", argv[0]);
        return 64;
    }
    std::vector<std::string> seeds;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
        std::ifstream file(entry.path(), std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    if (seeds.empty()) {
        std::fprintf(stderr, "%s holds no seeds\n", argv[1]);
        return 1;
    }
    auto run = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device{}();
    std::printf("run %llu\n", static_cast<unsigned long long>(run));
    std::fflush(stdout);
    std::signal(SIGABRT, tell_input);
    std::mt19937_64 random(run);
    for (const auto& seed : seeds) try_input(seed);
    for (auto rounds = std::strtoul(argv[2], nullptr, 10); rounds > 0; --rounds)
        try_input(mutate(seeds[random() % seeds.size()], seeds, random));
}
