// The same inputs on each run, whatever the compiler: seeds, and what simple mutations make of
// them; before them what is kept in a folder, from libFuzzer's campaigns.
// usage: replay COUNT [SEED] [--corpus FOLDER] | replay --seeds FOLDER (writes the seeds there)
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

#include "tests/fuzz/target.hpp"

namespace metalwright::fuzz {
namespace {

using Random = std::mt19937_64;  // its numbers are the standard's; distributions are not

std::size_t below(Random& random, std::size_t bound) {
    return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound);
}

void mutate(Random& random, Bytes& input, const std::vector<Bytes>& seeds) {
    constexpr std::uint8_t telling[] = {0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 127, 128, 129, 255};
    const std::size_t at = below(random, input.size());
    switch (random() % 7) {
        case 0:
            if (!input.empty()) input[at] ^= static_cast<std::uint8_t>(1U << random() % 8);
            break;
        case 1:
            if (!input.empty()) input[at] = telling[below(random, std::size(telling))];
            break;
        case 2: input.resize(at); break;
        case 3: {
            const std::size_t size =
                1 + random() % 8;  // first: of two arguments no compiler has to
            input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), size,
                         static_cast<std::uint8_t>(random()));
            break;
        }
        case 4: {
            const std::size_t size = std::min(input.size() - at, 1 + below(random, 16));
            input.erase(input.begin() + static_cast<std::ptrdiff_t>(at),
                        input.begin() + static_cast<std::ptrdiff_t>(at + size));
            break;
        }
        case 5: {
            const Bytes& other = seeds[below(random, seeds.size())];
            input.insert(input.end(), other.begin(), other.end());
            break;
        }
        default: {
            const Bytes& other = seeds[below(random, seeds.size())];
            const std::size_t size = std::min({input.size() - at, other.size(), std::size_t{16}});
            std::copy_n(other.end() - static_cast<std::ptrdiff_t>(size), size,
                        input.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
}

/// Every file of the folder, in the order of their names.
std::vector<Bytes> kept_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<Bytes> all;
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return all;
}

const Bytes* under_test = nullptr;

/// What broke it, for whoever looks: abort() is how a target says that a promise is not kept.
void write_down(int signal) {
    constexpr const char* name = "broken-input";
    const int file = ::open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file >= 0 && under_test != nullptr)
        (void)!::write(file, under_test->data(), under_test->size());
    std::signal(signal, SIG_DFL);
}

void look(const Bytes& input) {
    under_test = &input;
    run(input);
}

void replay(std::size_t count, std::uint64_t seed, const std::vector<Bytes>& kept) {
    for (const Bytes& each : kept) look(each);
    const std::vector<Bytes> all = seeds();
    for (const Bytes& each : all) look(each);
    Random random(seed);
    for (std::size_t i = 0; i < count; ++i) {
        Bytes input = all[below(random, all.size())];
        for (std::size_t n = 1 + below(random, 6); n-- > 0;) mutate(random, input, all);
        look(input);
    }
    std::cout << kept.size() << " kept inputs, " << all.size() << " seeds and " << count
              << " inputs made of them, seed " << seed << '\n';
}

}  // namespace
}  // namespace metalwright::fuzz

int main(int argc, char** argv) {
    using namespace metalwright::fuzz;
    if (argc == 3 && std::string(argv[1]) == "--seeds") {
        std::size_t number = 0;
        for (const Bytes& each : seeds()) {
            std::ofstream file(std::string(argv[2]) + "/seed-" + std::to_string(number++));
            file.write(reinterpret_cast<const char*>(each.data()),
                       static_cast<std::streamsize>(each.size()));
        }
        return 0;
    }
    if (argc < 2) return 2;
    std::uint64_t seed = 1;
    std::vector<Bytes> kept;
    for (int at = 2; at < argc; ++at) {
        const std::string word = argv[at];
        if (word == "--corpus" && at + 1 < argc)
            kept = kept_in(argv[++at]);
        else
            seed = std::stoull(word);
    }
    std::signal(SIGABRT, write_down);
    replay(std::stoul(argv[1]), seed, kept);
}
