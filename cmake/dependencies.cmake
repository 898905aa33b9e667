# Everything comes from Debian 12; docs/dependencies.md says what each is for.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlienc libbrotlidec)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(RE2 REQUIRED re2)
# Linked as a whole into who allocates for each request; sanitizers bring an allocator of their own.
find_library(TCMALLOC libtcmalloc_minimal.a)
if(NOT TCMALLOC)
  message(WARNING "libgoogle-perftools-dev is not installed: seance-litellm will be a tenth slower")
endif()
if(SEANCE_TESTS)
  find_package(GTest REQUIRED)
endif()

# The compiled halves of Asio, built once.
file(WRITE ${CMAKE_BINARY_DIR}/boost_compiled.cpp
  "#include <boost/asio/impl/src.hpp>\n#include <boost/asio/ssl/impl/src.hpp>\n")
add_library(seance_boost STATIC ${CMAKE_BINARY_DIR}/boost_compiled.cpp)
target_link_libraries(seance_boost PUBLIC
  Boost::headers Boost::json Boost::url OpenSSL::SSL OpenSSL::Crypto Threads::Threads PRIVATE seance_options)

# One precompiled header for the whole tree: Asio's coroutines and the standard headers that every file names.
add_library(seance_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(seance_pch PUBLIC seance_options seance_boost fmt::fmt)
target_precompile_headers(seance_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)
