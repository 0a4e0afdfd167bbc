#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace metalwright::spec::corpus {

/// A native document in which every field is set, all of them rightly.
nlohmann::json full();
nlohmann::json with_password();  ///< the same with a plain password instead of its hash
nlohmann::json envelope();
nlohmann::json release();
nlohmann::json reset();
nlohmann::json catalogue();

/// One change to a good document, and what the reader must say to the result.
struct Wrong {
    std::string_view change;  ///< JSON pointer
    std::string_view to;      ///< JSON text; empty: the field is removed
    std::string_view where;   ///< JSON pointer of the error
    std::string_view says;    ///< part of its message
    bool form = true;         ///< the schema refuses it too
};

/// One change that leaves the document good.
struct Right {
    std::string_view change;
    std::string_view to;
};

std::vector<Wrong> wrong_native();
std::vector<Wrong> wrong_password();
std::vector<Right> right_native();
std::vector<Wrong> wrong_envelope();
std::vector<Wrong> wrong_release();
std::vector<Wrong> wrong_reset();
std::vector<Wrong> wrong_catalogue();
std::vector<Right> right_catalogue();

nlohmann::json changed(nlohmann::json document, std::string_view pointer, std::string_view to);

/// Every error on a line of its own, "code where: message".
std::string lines(const Errors& errors);

/// Whether one of them stands at `where` and says `what`.
bool holds(const Errors& errors, std::string_view where, std::string_view what);

/// A file of the project, by its path from the root.
std::string file(const std::string& path);

/// A public key that is none of anybody's, with a seed so that several differ.
std::string public_key(char seed = 'A', std::string_view comment = "you@example");

std::string base64(std::string_view bytes);

/// RSA, as PEM; nobody has kept its other half.
std::string rsa_key();

}  // namespace metalwright::spec::corpus
