#include "sys/heap.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace {

/// KiB of code of files that are in memory, out of /proc/self/smaps.
long code_in_memory() {
    std::ifstream maps("/proc/self/smaps");
    long sum = 0;
    bool code = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.find("-p ") != std::string::npos || line.find("xp ") != std::string::npos)
            code = line.find(" r-xp ") != std::string::npos && line.find('/') != std::string::npos;
        else if (code && line.starts_with("Rss:"))
            sum += std::stol(line.substr(4));
    }
    return sum;
}

TEST(Heap, CodeThatWasRunIsGivenBackAndRunAgain) {
    const long before = code_in_memory();
    metalwright::sys::give_back_code();
    EXPECT_LT(code_in_memory(), before);
    EXPECT_GT(before, 0);
}

}  // namespace
