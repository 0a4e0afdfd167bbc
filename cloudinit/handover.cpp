#include "cloudinit/handover.hpp"

#include "cloudinit/run_record.hpp"
#include "core/hex.hpp"

namespace metalwright::cloudinit {

std::string cloud_init_script(const std::filesystem::path& directory,
                              const std::filesystem::path& cloud_init, bool names_host) {
    const std::string seed = "/var/lib/cloud/seed/nocloud";
    std::string text =
        "#!/bin/sh\n"
        "# Written by metalwright: hands user data to cloud-init, as a NoCloud seed.\n"
        "set -eu\n"
        "install -d -m 0755 /var/lib/cloud/seed /etc/cloud/cloud.cfg.d\n"
        "install -d -m 0700 " +
        seed + "\n";
    for (const char* name : {run_files::cloud_init_user_data, run_files::cloud_init_meta_data})
        text += "install -m 0600 " + (directory / name).string() + ' ' + seed + '/' + name + '\n';
    text +=
        "cat > /etc/cloud/cloud.cfg.d/99_metalwright.cfg <<'END'\n"
        "# Written by metalwright, which sees to addresses.\n"
        "datasource_list: [ NoCloud, None ]\n"
        "network: {config: disabled}\n" +
        std::string(names_host ? "preserve_hostname: true\n" : "") + "END\n";
    const std::string program = cloud_init.string();
    // Each stage tells of its errors through `status`; one that fails must not hide the next.
    for (const char* stage :
         {"init --local", "init", "modules --mode=config", "modules --mode=final"})
        text += program + ' ' + stage + " || true\n";
    return text + "exec " + program + " status --long\n";
}

std::string cloud_init_meta_data(std::string_view instance_id) {
    std::string quoted = "\"";
    for (const char c : instance_id) {
        const auto value = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            (quoted += '\\') += c;
        else if (value < 0x20)
            append_hex(quoted += "\\x", value);
        else
            quoted += c;
    }
    return "instance-id: " + quoted + "\"\n";
}

}  // namespace metalwright::cloudinit
