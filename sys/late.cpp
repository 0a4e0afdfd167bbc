#include "sys/late.hpp"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace metalwright::sys {

void* late_function(const char* library, const char* name) {
    if (void* loaded = ::dlopen(library, RTLD_NOW | RTLD_LOCAL))
        if (void* function = ::dlsym(loaded, name)) return function;
    const char* why = ::dlerror();
    throw std::runtime_error(std::string("cannot load ") + name + " of " + library + ": " +
                             (why == nullptr ? "the loader does not say why" : why));
}

}  // namespace metalwright::sys
