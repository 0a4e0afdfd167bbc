# What is bought, not written. All of it comes from Debian 12.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
set(Boost_USE_STATIC_LIBS ON)  # what only we use is linked in: quicker to start, fewer pages
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
# Header-only: linked as shared libraries they cost half a megabyte of memory at rest. Debian has no static ones, and its
# spdlog_header_only brings in the shared fmt.
add_library(house_log INTERFACE)
target_link_libraries(house_log INTERFACE fmt::fmt-header-only Threads::Threads)
target_compile_definitions(house_log INTERFACE SPDLOG_FMT_EXTERNAL)
find_package(CLI11 REQUIRED)
pkg_check_modules(NL REQUIRED libnl-3.0)
find_library(NL_STATIC libnl-3.a REQUIRED)  # linked in, as above
add_library(house_nl INTERFACE)
target_include_directories(house_nl SYSTEM INTERFACE ${NL_INCLUDE_DIRS})
target_link_libraries(house_nl INTERFACE ${NL_STATIC})
# Loaded when they are first called (sys/late.hpp), so not linked; like OpenSSL.
pkg_check_modules(BLKID REQUIRED blkid)
add_library(house_blkid INTERFACE)
target_include_directories(house_blkid SYSTEM INTERFACE ${BLKID_INCLUDE_DIRS})
pkg_check_modules(CRYPT REQUIRED libcrypt)
find_package(ZLIB REQUIRED)
find_library(SQLITE libsqlite3.a REQUIRED)  # linked in, as above
pkg_check_modules(MD REQUIRED libmd)
find_library(MD_STATIC libmd.a REQUIRED)  # linked in, as above
add_library(house_md INTERFACE)
target_include_directories(house_md SYSTEM INTERFACE ${MD_INCLUDE_DIRS})
target_link_libraries(house_md INTERFACE ${MD_STATIC})
find_package(prometheus-cpp REQUIRED)
find_path(TOMLPP toml++/toml.h REQUIRED)  # used header-only: one library less to load at start
if(METALWRIGHT_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)  # PID 1's side of D-Bus
endif()
