# What is bought, not written. All of it comes from Debian 12.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
set(Boost_USE_STATIC_LIBS ON)  # what only we use is linked in: quicker to start, fewer pages
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(NL REQUIRED IMPORTED_TARGET libnl-3.0 libnl-route-3.0)
pkg_check_modules(BLKID REQUIRED IMPORTED_TARGET blkid)
find_library(SQLITE libsqlite3.a REQUIRED)  # linked in, as above
pkg_check_modules(CRYPT REQUIRED IMPORTED_TARGET libcrypt)
find_path(TOMLPP toml++/toml.h REQUIRED)  # used header-only: one library less to load at start
if(METALWRIGHT_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()
