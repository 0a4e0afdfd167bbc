#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace metalwright::agent::link {

/// Text that is wiped when it goes; it is handed on, never copied.
class SecretText {
 public:
    SecretText() = default;
    /// Wipes `text` as well.
    explicit SecretText(std::string&& text) : text_(std::make_unique<std::string>(text)) {
        ::explicit_bzero(text.data(), text.size());
    }
    SecretText(SecretText&& other) noexcept : text_(std::move(other.text_)) {}
    SecretText& operator=(SecretText&& other) noexcept {
        std::swap(text_, other.text_);
        return *this;
    }
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() {
        if (text_) ::explicit_bzero(text_->data(), text_->size());
    }

    std::string_view view() const noexcept { return text_ ? *text_ : std::string_view(); }
    bool empty() const noexcept { return view().empty(); }

 private:
    std::unique_ptr<std::string> text_;  // so that no bytes move with it
};

}  // namespace metalwright::agent::link
