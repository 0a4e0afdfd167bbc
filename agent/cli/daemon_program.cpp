#include "agent/cli/daemon_program.hpp"

#include <filesystem>

#include "sys/exec.hpp"

namespace metalwright::agent::cli {
namespace {

namespace fs = std::filesystem;

fs::path daemon_program() {
    std::error_code ignored;
    const fs::path here = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& place : {here / "metalwrightd", here / "../sbin/metalwrightd"})
        if (fs::exists(place, ignored)) return place.lexically_normal();
    return "/usr/sbin/metalwrightd";
}

}  // namespace

Answer ask_daemon_program(std::vector<std::string> arguments, std::chrono::milliseconds timeout) {
    const auto refused = [](Error error) {
        return std::unexpected(Refusal{Exit::failed, {std::move(error)}});
    };
    const sys::Command command{.program = daemon_program().string(),
                               .args = std::move(arguments),
                               .timeout = timeout,
                               .output_limit = std::size_t{16} << 20};
    const auto output = sys::SpawnExec().run(command);
    if (!output) return refused(output.error());
    Json answer = Json::parse(output->out, nullptr, false);
    if (answer.is_object() && answer.contains("errors")) {
        Refusal refusal{Exit::failed, {}};
        for (const Json& error : list(answer, "errors")) refusal.errors.push_back(to_error(error));
        return std::unexpected(std::move(refusal));
    }
    if (answer.is_object() && output->signal == 0) return answer;
    if (const auto ok = sys::expect_ok(*output, command); !ok) return refused(ok.error());
    return refused({Errc::internal, "it answers with no JSON", command.program});
}

}  // namespace metalwright::agent::cli
