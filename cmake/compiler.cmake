# Language, warnings, sanitizers and ccache: what every target is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")

find_program(CCACHE ccache)
if(CCACHE)
  # The precompiled header carries its own check, and checkouts in different folders share results.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(seance_options INTERFACE)
target_compile_options(seance_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-plt
  # Boost.Asio's coroutine frames trip these two on g++ 12 without a fault in our code.
  -Wno-mismatched-new-delete -Wno-maybe-uninitialized)
target_include_directories(seance_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(seance_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_DISABLE_VISIBILITY
  # Coroutine frames kept per thread for the next call. A proxied request nests deeper than Asio's default of two,
  # and each miss is a malloc and a free.
  BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=16)

if(SEANCE_SANITIZE STREQUAL "address")
  target_compile_options(seance_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(seance_options INTERFACE -fsanitize=address,undefined)
elseif(SEANCE_SANITIZE STREQUAL "thread")
  # Asio's reactor uses fences that TSan does not model and g++ warns about.
  target_compile_options(seance_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  target_link_options(seance_options INTERFACE -fsanitize=thread)
endif()

# The commit that --version prints; "unknown" outside a git checkout. Builds without .git say -DSEANCE_COMMIT=….
if(NOT SEANCE_COMMIT)
  execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} rev-parse --short=7 HEAD
    OUTPUT_VARIABLE SEANCE_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  # Another commit is looked at by the next build, not only by the next configuration.
  execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} rev-parse --path-format=absolute --git-path logs/HEAD
    OUTPUT_VARIABLE SEANCE_GIT_LOG OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(EXISTS "${SEANCE_GIT_LOG}")
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${SEANCE_GIT_LOG}")
  endif()
endif()
if(NOT SEANCE_COMMIT)
  set(SEANCE_COMMIT unknown)
endif()
