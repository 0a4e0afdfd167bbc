#pragma once

#include <string_view>

namespace metalwright::spec {

/// What a string must look like. schema/host-spec.schema.json says the same as patterns; a test
/// holds both against each other.
struct Form {
    std::string_view is;  ///< follows "... is not "
    bool (*holds)(std::string_view text);
};

namespace forms {

extern const Form printable;    ///< any text without control characters
extern const Form id;           ///< [A-Za-z0-9][A-Za-z0-9._:-]*
extern const Form variable;     ///< name of an environment variable
extern const Form token;        ///< visible ASCII, no blanks
extern const Form disk_id;      ///< visible ASCII, no '/': a serial number or WWN, no device path
extern const Form signature;    ///< blkid's word: [A-Za-z0-9_.-]+
extern const Form array_name;   ///< [A-Za-z0-9._][A-Za-z0-9._-]*, not "." or ".."
extern const Form volume_name;  ///< [A-Za-z0-9_-]+
extern const Form pci_address;  ///< domain:bus:device.function in lower case, 0000:3b:00.0
extern const Form kernel_release;  ///< as uname(2) has it: [0-9]+\.[0-9]+[A-Za-z0-9.+~_-]*
extern const Form label;           ///< [A-Za-z0-9._-]+
extern const Form mount_point;     ///< absolute, plain components, no "." or ".."
extern const Form mac;             ///< six hexadecimal pairs with ':'
extern const Form nic_name;        ///< a kernel name: no blank, '/' or ':', not "." or ".."
extern const Form host_name;       ///< RFC 1123 labels joined by dots
extern const Form jd_host_name;   ///< the same, and no "--". Source: JD Cloud, Create-Instance page
extern const Form jd_name;        ///< starts with a letter or Chinese character. Same source
extern const Form password_hash;  ///< crypt(5): yescrypt, gost-yescrypt, scrypt, bcrypt, SHA-crypt

}  // namespace forms
}  // namespace metalwright::spec
