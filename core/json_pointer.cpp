#include "core/json_pointer.hpp"

namespace metalwright {

std::string pointer_to(std::string_view base, std::string_view token) {
    std::string pointer(base);
    pointer += '/';
    for (const char c : token) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
    return pointer;
}

std::string pointer_to(std::string_view base, std::size_t index) {
    return std::string(base) + '/' + std::to_string(index);
}

}  // namespace metalwright
