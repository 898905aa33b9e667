# seance_module(http DEPENDS stream SOURCES a.cpp b.cpp TESTS a_test.cpp LIBRARIES ZLIB::ZLIB)
# makes the static library seance_http, and adds its tests to the test program of its layer.
include(GoogleTest)

function(seance_module name)
  cmake_parse_arguments(M "" "" "DEPENDS;SOURCES;TESTS;LIBRARIES" ${ARGN})
  add_library(seance_${name} STATIC ${M_SOURCES})
  target_precompile_headers(seance_${name} REUSE_FROM seance_pch)
  target_link_libraries(seance_${name} PUBLIC seance_options seance_boost fmt::fmt ${M_LIBRARIES})
  foreach(dependency IN LISTS M_DEPENDS)
    target_link_libraries(seance_${name} PUBLIC seance_${dependency})
  endforeach()
  if(M_TESTS AND SEANCE_TESTS)
    seance_test(${name}_test DEPENDS ${name} test_support SOURCES ${M_TESTS})
  endif()
endfunction()

# seance_program(seance-landing DEPENDS landing SOURCES main.cpp): a program in build/bin.
function(seance_program name)
  cmake_parse_arguments(M "" "" "DEPENDS;SOURCES" ${ARGN})
  add_executable(${name} ${M_SOURCES})
  target_precompile_headers(${name} REUSE_FROM seance_pch)
  target_link_libraries(${name} PRIVATE seance_options)
  foreach(dependency IN LISTS M_DEPENDS)
    target_link_libraries(${name} PRIVATE seance_${dependency})
  endforeach()
endfunction()

# seance_test(http_test DEPENDS http SOURCES parser_test.cpp): a GoogleTest program, run by ctest as one test
# per suite. PROPERTIES go to ctest (RUN_SERIAL TRUE, TIMEOUT 120).
function(seance_test name)
  cmake_parse_arguments(M "" "" "DEPENDS;SOURCES;PROPERTIES" ${ARGN})
  seance_program(${name} DEPENDS ${M_DEPENDS} SOURCES ${M_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE GTest::gmock GTest::gtest GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 ${M_PROPERTIES})
endfunction()
