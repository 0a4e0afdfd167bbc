#include "cloudinit/password.hpp"

#include <crypt.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "sys/random.hpp"

namespace metalwright::cloudinit {
namespace {

constexpr std::size_t shortest = 8;
constexpr std::size_t longest = 30;
constexpr std::string_view specials = R"(()`~!@#$%^&*_-+=|{}[]:";'<>,.?/)";
constexpr std::array<std::string_view, 11> forbidden{
    "jd", "JD", "360", "bug", "BUG", "com", "COM", "cloud", "CLOUD", "password", "PASSWORD"};
constexpr std::array<std::string_view, 10> keyboard{
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "qaz", "wsx", "edc", "rfv", "tgb", "yhn", "ujm"};

bool lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool special(char c) {
    return specials.find(c) != std::string_view::npos;
}

char folded(char c) {
    return upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// One class of character throughout, each one more (or one less) than the one before.
bool consecutive(char a, char b, char c) {
    const bool one_class = (lower(a) && lower(b) && lower(c)) ||
                           (upper(a) && upper(b) && upper(c)) || (digit(a) && digit(b) && digit(c));
    return one_class && b - a == c - b && (b - a == 1 || b - a == -1);
}

/// Three keys side by side, in either direction, in one case.
bool neighbours(char a, char b, char c) {
    if (!((lower(a) && lower(b) && lower(c)) || (upper(a) && upper(b) && upper(c)))) return false;
    std::array<char, 3> there{folded(a), folded(b), folded(c)};
    std::array<char, 3> back{there[2], there[1], there[0]};
    const auto in = [](std::string_view keys, const std::array<char, 3>& three) {
        return keys.find(std::string_view(three.data(), three.size())) != std::string_view::npos;
    };
    const bool found = std::ranges::any_of(
        keyboard, [&](std::string_view keys) { return in(keys, there) || in(keys, back); });
    ::explicit_bzero(there.data(), there.size());
    ::explicit_bzero(back.data(), back.size());
    return found;
}

std::unexpected<Error> against(std::string rule) {
    return fail(Errc::invalid_spec, "password " + std::move(rule));
}

struct Wiped {
    explicit Wiped(std::string_view text) : secret(text) {}
    ~Wiped() { wipe(secret); }
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;
    std::string secret;
};

struct CryptSpace {  // crypt_ra allocates and grows it; the phrase passes through it
    ~CryptSpace() {
        if (data == nullptr) return;
        ::explicit_bzero(data, static_cast<std::size_t>(size));
        std::free(data);
    }
    CryptSpace() = default;
    CryptSpace(const CryptSpace&) = delete;
    CryptSpace& operator=(const CryptSpace&) = delete;
    void* data = nullptr;
    int size = 0;
};

}  // namespace

void wipe(std::string& secret) noexcept {
    ::explicit_bzero(secret.data(), secret.size());
    secret.clear();
}

Result<void> check_password(std::string_view plain) {
    if (plain.size() < shortest || plain.size() > longest)
        return against("has " + std::to_string(plain.size()) + " characters, 8 to 30 are allowed");
    if (!std::ranges::all_of(plain,
                             [](char c) { return lower(c) || upper(c) || digit(c) || special(c); }))
        return against("may hold letters, digits and " + std::string(specials) + " only");
    const int classes = std::ranges::any_of(plain, lower) + std::ranges::any_of(plain, upper) +
                        std::ranges::any_of(plain, digit) + std::ranges::any_of(plain, special);
    if (classes < 3)
        return against(
            "must hold at least three of: upper case, lower case, digits, special characters");
    if (plain.find("root") != std::string_view::npos)
        return against("must not contain the user name, root");
    for (const std::string_view word : forbidden)
        if (plain.find(word) != std::string_view::npos)
            return against("must not contain any of the words jd, 360, bug, com, cloud, password");
    for (std::size_t i = 0; i + 2 < plain.size(); ++i) {
        if (consecutive(plain[i], plain[i + 1], plain[i + 2]))
            return against(
                "must not contain three consecutive digits or letters, as in 123 or cba");
        if (neighbours(plain[i], plain[i + 1], plain[i + 2]))
            return against("must not contain three neighbouring keys, as in qwe or qaz");
    }
    return {};
}

Result<std::string> random_password() {
    // 64 of them, so that each byte's low six bits choose evenly. No l and I, 0 and O to be
    // confused.
    constexpr std::string_view characters =
        "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ123456789-_.+=@";
    static_assert(characters.size() == 64);
    constexpr std::size_t length = 20;
    while (true) {
        std::array<std::byte, length> drawn{};
        if (Result<void> filled = sys::fill_random(drawn); !filled)
            return std::unexpected(filled.error());
        std::string password;
        for (const std::byte one : drawn)
            password += characters[std::to_integer<std::size_t>(one) % characters.size()];
        ::explicit_bzero(drawn.data(), drawn.size());
        if (check_password(password)) return password;
        wipe(password);
    }
}

Result<std::string> hash_password(std::string_view plain) {
    if (plain.empty() || plain.size() >= CRYPT_MAX_PASSPHRASE_SIZE)
        return against("must have 1 to " + std::to_string(CRYPT_MAX_PASSPHRASE_SIZE - 1) +
                       " bytes");
    if (plain.find('\0') != std::string_view::npos) return against("must not hold a NUL byte");

    const std::unique_ptr<char, decltype(&std::free)> setting(
        ::crypt_gensalt_ra("$y$", 0, nullptr, 0), &std::free);
    if (setting == nullptr)
        return fail(Errc::internal, "libcrypt makes no yescrypt salt, install libcrypt1 of Debian",
                    {}, errno);
    const Wiped phrase(plain);
    CryptSpace space;
    const char* hash = ::crypt_ra(phrase.secret.c_str(), setting.get(), &space.data, &space.size);
    if (hash == nullptr || hash[0] == '*')
        return fail(Errc::internal, "libcrypt did not hash the password", {}, errno);
    return std::string(hash);
}

Result<void> check_password_hash(std::string_view hash) {
    const bool shaped = hash.size() > 3 && hash.size() < CRYPT_OUTPUT_SIZE &&
                        hash.starts_with('$') && hash.find('$', 1) != std::string_view::npos;
    const bool clean =
        std::ranges::all_of(hash, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
    if (!shaped || !clean)
        return fail(Errc::invalid_spec,
                    "the password hash is not of the crypt(5) form $id$salt$hash, make it with "
                    "mkpasswd -m yescrypt");
    return {};
}

}  // namespace metalwright::cloudinit
