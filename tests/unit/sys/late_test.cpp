#include "sys/late.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace metalwright::sys {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Late, AFunctionIsFoundInItsLibrary) {
    const auto length =
        reinterpret_cast<std::size_t (*)(const char*)>(late_function("libc.so.6", "strlen"));
    EXPECT_EQ(length("four"), 4u);
}

TEST(Late, WhatIsNotThereIsNamed) {
    EXPECT_THAT([] { late_function("libnone.so.9", "f"); },
                ThrowsMessage<std::runtime_error>(
                    AllOf(HasSubstr("cannot load f of libnone.so.9"), HasSubstr("No such file"))));
    EXPECT_THAT([] { late_function("libc.so.6", "no_such_function"); },
                ThrowsMessage<std::runtime_error>(HasSubstr("undefined symbol")));
}

}  // namespace
}  // namespace metalwright::sys
