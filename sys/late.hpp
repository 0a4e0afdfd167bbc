#pragma once

#include <cstddef>
#include <tuple>

namespace metalwright::sys {

// Libraries that are loaded when they are first called. Linked as usual, each is mapped, bound and
// relocated at every start of every program, whether it is used or not: together as much work as
// all else that a short command does. They stay the distribution's, with the distribution's fixes.
//
// Each function that we call is defined once more, in a late*.cpp, and hands on to the library's:
//
//     #define LATE_FROM(name) "libz.so.1"
//     LATE_1(inflateEnd) LATE_2(inflate)
//
// The number is that of its parameters. The linker tells when one is missing, for the library
// itself is not linked.

/// Never unloaded. Throws std::runtime_error, with the loader's words, where there is no such
/// library or no such function in it.
void* late_function(const char* library, const char* name);

template <class F>
struct LateSignature;
template <class R, class... A, bool quiet>
struct LateSignature<R(A...) noexcept(quiet)> {
    using Result = R;
    template <std::size_t N>
    using Arg = std::tuple_element_t<N, std::tuple<A...>>;
    static constexpr bool throws_nothing = quiet;
};

}  // namespace metalwright::sys

// What a macro makes into a definition has no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
// clang-format off
#define LATE_SIGNATURE(name) metalwright::sys::LateSignature<decltype(name)>
#define LATE_ARG(name, n) LATE_SIGNATURE(name)::Arg<n> a##n
#define LATE(name, parameters, arguments)                                                       \
    LATE_SIGNATURE(name)::Result name parameters noexcept(LATE_SIGNATURE(name)::throws_nothing) { \
        static const auto real = reinterpret_cast<decltype(&name)>(                             \
            metalwright::sys::late_function(LATE_FROM(name), #name));                           \
        return real arguments;                                                                  \
    }
#define LATE_0(f) LATE(f, (), ())
#define LATE_1(f) LATE(f, (LATE_ARG(f, 0)), (a0))
#define LATE_2(f) LATE(f, (LATE_ARG(f, 0), LATE_ARG(f, 1)), (a0, a1))
#define LATE_3(f) LATE(f, (LATE_ARG(f, 0), LATE_ARG(f, 1), LATE_ARG(f, 2)), (a0, a1, a2))
#define LATE_4(f) LATE(f, (LATE_ARG(f, 0), LATE_ARG(f, 1), LATE_ARG(f, 2), LATE_ARG(f, 3)), (a0, a1, a2, a3))
#define LATE_5(f) LATE(f, (LATE_ARG(f, 0), LATE_ARG(f, 1), LATE_ARG(f, 2), LATE_ARG(f, 3), LATE_ARG(f, 4)), (a0, a1, a2, a3, a4))
#define LATE_6(f) LATE(f, (LATE_ARG(f, 0), LATE_ARG(f, 1), LATE_ARG(f, 2), LATE_ARG(f, 3), LATE_ARG(f, 4), LATE_ARG(f, 5)), (a0, a1, a2, a3, a4, a5))
#define LATE_7(f) LATE(f, (LATE_ARG(f, 0), LATE_ARG(f, 1), LATE_ARG(f, 2), LATE_ARG(f, 3), LATE_ARG(f, 4), LATE_ARG(f, 5), LATE_ARG(f, 6)), (a0, a1, a2, a3, a4, a5, a6))
// clang-format on
// NOLINTEND(bugprone-macro-parentheses)
