// The fail_point() of the daemon that the VM tests kill at every journal boundary.

#include <csignal>
#include <cstdlib>

#include "core/fail_point.hpp"

namespace metalwright {

void fail_point(std::string_view name) {
    const char* wanted = std::getenv("METALWRIGHT_FAIL_POINT");
    if (wanted != nullptr && name == wanted) std::raise(SIGKILL);
}

}  // namespace metalwright
