#pragma once

#include <string>

#include "agent/api/message.hpp"
#include "core/error.hpp"

namespace metalwright::agent::api {

/// The one place where an error becomes an HTTP status.
///
/// invalid_spec 400 · not_found 404 · conflict 409 · refused 409 (the host's state forbids it: the
/// same document may pass once the disk is blank or the instance released; 403 means the caller) ·
/// unsupported 422 · busy, unavailable 503 · timed_out 504 · all others 500.
unsigned http_status(Errc code) noexcept;

/// {"type","title","status","detail","errors":[{"code","message","where","pointer"?}]}, compact,
/// every error in its order. `where` is "" when the error concerns everything; where it is a JSON
/// pointer into the document sent, `pointer` is it as a fragment. Source: RFC 9457.
std::string problem_body(unsigned status, const Errors& errors);

/// problem_body() with the status of the first error.
Response error_response(const Errors& errors);
Response error_response(Error error);
/// The same with a status of its own, for what HTTP itself has a number for (405, 413).
Response error_response(unsigned status, Error error);

}  // namespace metalwright::agent::api
