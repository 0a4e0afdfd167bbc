#pragma once

namespace metalwright::tests {

/// RSA, 2048 bits, as PEM; nobody has kept its other half.
inline constexpr const char* rsa_public_key =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyjdy+nULstQCv77SPd1d\n"
    "rZOvt4VQdJwZSrmyXZSBDwmBw3ysfDkiG/B9plojAXQTmtkGnHm7o3wpZObj+L95\n"
    "fU3/RcXAD4ZVOGRKB5W/tXzKpGjHrcHP0R3JgUwi011jupHenLFXi6Ps9zdjFTdd\n"
    "rYwTGghAsuZqUpuThiFU6pmHczVIidlOntl1/rdnRazM9XiXWoKFvjSGlte0nB7Y\n"
    "j35sBB8MjQWyhWpTj2yoasmWDEb+yfPI2oi8K9HRJKDYtLykNAs8WN8YDfc3LQkk\n"
    "U/LjPFffEgzTM+VdcRhrR2tF0McmmqcX/RuBWrqOb9S6ZRrpCUi6kjcfOvAjAyIv\n"
    "MwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

}  // namespace metalwright::tests
