// What raid::storcli makes of files that hold a tool's output, one line of JSON for each:
//     {"file","error":text|null,"version","parts":[{"controller":N|null,"success","none","text","complaint"}],"inventory":{...}}
// usage: read_storcli FILE... | read_storcli --mutate COUNT FILE...   (the latter reads what is
// made of them by chance, and says only how many that were; a crash is the news)
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "agent/inventory/document.hpp"
#include "raid/storcli/seen.hpp"

namespace {

using namespace metalwright;
using Json = nlohmann::ordered_json;

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

raid::Controllers controllers_of(const raid::storcli::Answer& answer) {
    raid::storcli::Seen seen("/t/tool");
    seen.take(answer, "sample");
    return std::move(seen).finish();
}

Json told(const std::string& path) {
    Json line{{"file", path}};
    const auto answer = raid::storcli::read_answer(content(path));
    line["error"] = answer ? Json() : Json(answer.error().message);
    if (!answer) return line;
    line["version"] = answer->version;
    Json& parts = line["parts"] = Json::array();
    for (const raid::storcli::Part& part : answer->parts)
        parts.push_back({{"controller", part.controller ? Json(*part.controller) : Json()},
                         {"success", part.success},
                         {"none", part.none()},
                         {"text", part.text},
                         {"complaint", part.complaint()}});
    line["inventory"] = Json::parse(inventory::document({}, controllers_of(*answer), {}));
    return line;
}

std::string mutated(std::string text, std::mt19937_64& random) {
    for (std::size_t n = 1 + random() % 8; n-- > 0 && !text.empty();) {
        const std::size_t at = random() % text.size();
        const std::size_t length = 1 + random() % 64;
        switch (random() % 5) {
            case 0: text[at] = static_cast<char>(random()); break;
            case 1: text.resize(at); break;
            case 2: text.erase(at, length); break;
            case 3: text.insert(at, text.substr(random() % text.size(), length)); break;
            default: text[at] = R"("[]{}:,0-)"[random() % 9];
        }
    }
    return text;
}

}  // namespace

int main(int count, char** arguments) {
    std::vector<std::string> words(arguments + 1, arguments + count);
    std::mt19937_64 random(1);
    if (words.size() > 2 && words[0] == "--mutate") {
        const std::size_t each = std::stoul(words[1]);
        std::size_t answers = 0;
        for (std::size_t i = 2; i < words.size(); ++i) {
            const std::string text = content(words[i]);
            for (std::size_t n = 0; n < each; ++n)
                if (const auto answer = raid::storcli::read_answer(mutated(text, random))) {
                    static_cast<void>(controllers_of(*answer));
                    ++answers;
                }
        }
        std::cout << each * (words.size() - 2) << " inputs, " << answers << " of them answers\n";
        return 0;
    }
    for (const std::string& path : words) std::cout << told(path).dump() << '\n';
}
