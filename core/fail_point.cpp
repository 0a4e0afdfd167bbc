#include "core/fail_point.hpp"

#ifdef METALWRIGHT_FAIL_POINTS
#include <csignal>
#include <cstdlib>

namespace metalwright {

void fail_point(std::string_view name) {
    const char* wanted = std::getenv("METALWRIGHT_FAIL_POINT");
    if (wanted != nullptr && name == wanted) std::raise(SIGKILL);
}

}  // namespace metalwright
#endif
