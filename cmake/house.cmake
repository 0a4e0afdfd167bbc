# The rules every target of the house obeys: language, warnings, sanitizers, and room().

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# -O2 as Debian builds. g++ 12 takes std::optional's storage for uninitialized once it is inlined
# (GCC PR 105562 and kin); the sanitizers find the true ones.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG -Wno-maybe-uninitialized")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g -DNDEBUG -Wno-maybe-uninitialized")

option(METALWRIGHT_TESTS "Build the tests" ON)
option(METALWRIGHT_WERROR "Warnings are errors" ON)
set(METALWRIGHT_SANITIZE "" CACHE STRING "Sanitizers for every target: address,undefined or thread; fuzzer-no-link with them")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(house INTERFACE)
target_include_directories(house INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(house INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough -Wextra-semi
  -Wno-missing-field-initializers  # designated initializers name what matters
  # g++ 12.2 -O2 miscompiles coroutine frames in the SLP vectoriser: docs/common-errors.md
  -fno-tree-slp-vectorize
  $<$<BOOL:${METALWRIGHT_WERROR}>:-Werror>)
# g++ 12 warns in its own library headers once std::string is inlined at -O2 (GCC PR 105329, 105651).
target_compile_options(house INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-dangling-pointer>)
if(METALWRIGHT_SANITIZE)
  target_compile_options(house INTERFACE -fsanitize=${METALWRIGHT_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(house INTERFACE -fsanitize=${METALWRIGHT_SANITIZE})
  if(METALWRIGHT_SANITIZE MATCHES "address.*undefined")
    # A test before each access, which takes g++ as long as all the rest; AddressSanitizer tells of a null access anyway.
    target_compile_options(house INTERFACE -fno-sanitize=null)
  endif()
else()
  # 3 also checks against sizes that are known only at run time.
  set(fortify 2)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
    set(fortify 3)
  endif()
  target_compile_options(house INTERFACE -fstack-protector-strong
                         $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=${fortify}>)
  target_link_options(house INTERFACE -Wl,-z,relro -Wl,--as-needed)
endif()

# room(NAME [ROOM...] [LIBS LIBRARY...]): folder NAME as one static library that may include from the
# named rooms only. tests/arch/rooms.py reads these lines and holds every #include against them.
# A room inside a room (agent/spec) is the target agent_spec.
function(room folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  string(REPLACE "/" "_" name ${folder})
  string(REPLACE "/" "_" rooms "${arg_UNPARSED_ARGUMENTS}")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp ${PROJECT_SOURCE_DIR}/${folder}/*/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main[^/]*\\.cpp$")  # programs, built by agent/CMakeLists.txt
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC house ${rooms} ${arg_LIBS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE house ${rooms} ${arg_LIBS})
  endif()
endfunction()
