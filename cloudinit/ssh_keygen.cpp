#include "cloudinit/ssh_keygen.hpp"

namespace metalwright::cloudinit {

Result<void> check_with_openssh(
    const std::string& line, sys::Exec& exec,
    const std::function<Result<std::string>(std::string_view)>& find_program) {
    const Result<std::string> ssh_keygen = find_program("ssh-keygen");
    if (!ssh_keygen) return {};
    const sys::Command command{
        .program = *ssh_keygen, .args = {"-l", "-f", "-"}, .input = line + '\n'};
    const Result<sys::Output> said = sys::expect_ok(exec.run(command), command);
    if (said || said.error().code != Errc::command_failed) return {};
    return fail(Errc::invalid_spec, "OpenSSH does not take this key: " + said.error().message);
}

}  // namespace metalwright::cloudinit
