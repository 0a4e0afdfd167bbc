#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "sys/fd.hpp"

namespace metalwright::agent::front {

/// Content that has a path, for libraries that read files, and lies in this process's memory alone.
class HeldFile {
 public:
    /// Errors: no_space.
    static Result<HeldFile> of(std::string_view content);

    /// Good in this process for as long as this lives.
    std::string path() const;

 private:
    explicit HeldFile(sys::Fd memory) : memory_(std::move(memory)) {}
    sys::Fd memory_;
};

}  // namespace metalwright::agent::front
