#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "raid/storcli/seen.hpp"

namespace metalwright::raid::storcli {

// Answers as the tools shape them, made by hand.

/// One controller's part of an answer. `status` is "Success" or "Failure", `more` further members
/// of "Command Status" (with the comma before them).
inline std::string part(int controller, const std::string& data,
                        const std::string& status = "Success", const std::string& more = {}) {
    return R"({"Command Status":{"CLI Version":"007.1616.0000.0000 Dec 24, 2020","Controller":)" +
           std::to_string(controller) + R"(,"Status":")" + status + R"(","Description":"None")" +
           more + "}" + (data.empty() ? "" : R"(,"Response Data":)" + data) + "}";
}

inline std::string answer(const std::string& parts) {
    return R"({"Controllers":[)" + parts + "]}";
}

/// A row of the older tools' PD LIST.
inline std::string pd(const std::string& place, const std::string& state,
                      const std::string& group = R"("-")", const std::string& model = "MODEL-1  ") {
    return R"({"EID:Slt":")" + place + R"(","DID":9,"State":")" + state + R"(","DG":)" + group +
           R"(,"Size":"931.000 GB","Intf":"SAS","Med":"HDD","SeSz":"512B","Model":")" + model +
           R"(","Sp":"U","Type":"-"})";
}

/// What the tool at /t/storcli64 has told after these answers.
inline Controllers told(const std::vector<std::string>& answers) {
    Seen seen("/t/storcli64");
    for (const std::string& text : answers) {
        Result<Answer> read = read_answer(text);
        if (read)
            seen.take(*read, "/call show all");
        else
            seen.fail(read.error(), "/call show all");
    }
    return std::move(seen).finish();
}

}  // namespace metalwright::raid::storcli
