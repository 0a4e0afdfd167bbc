// The entry that libFuzzer calls; replay.cpp is the other one.
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    metalwright::fuzz::run({data, size});
    return 0;
}
