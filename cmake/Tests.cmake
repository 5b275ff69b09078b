# Tests mirror the tree: tests/core/mqtt/*.cpp becomes tests_core_mqtt, linked to core/mqtt.

# The minds together, for the simulator.
set(muster_minds broker global query control)
set(muster_all_rooms core_base core_mqtt core_wire core_store core_net core_host
                     ${muster_minds} clients)

# One gtest executable from a folder of tests.
function(muster_test_executable target label sources rooms)
  add_executable(${target} ${sources})
  target_link_libraries(${target} PRIVATE ${rooms} GTest::gtest GTest::gtest_main)
  if(TARGET tests_support)
    target_link_libraries(${target} PRIVATE tests_support)
  endif()
  muster_compile_rules(${target})
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES ENVIRONMENT "MUSTER_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  set_tests_properties(${target} PROPERTIES LABELS ${label} TIMEOUT 600)
endfunction()

function(muster_test_support)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/support/*.cpp")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(tests_support STATIC EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(tests_support PUBLIC core_base core_mqtt PRIVATE GTest::gtest)
    muster_compile_rules(tests_support)
  endif()
endfunction()

# Room tests: every folder below tests/ (but sim, fuzz, e2e) that holds a *_test.cpp.
function(muster_room_tests)
  file(GLOB_RECURSE tests RELATIVE "${CMAKE_SOURCE_DIR}" CONFIGURE_DEPENDS
       "${CMAKE_SOURCE_DIR}/tests/*_test.cpp")
  list(FILTER tests EXCLUDE REGEX "^tests/(sim|fuzz|e2e)/")
  set(folders "")
  foreach(test IN LISTS tests)
    get_filename_component(folder "${test}" DIRECTORY)
    list(APPEND folders "${folder}")
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(folder IN LISTS folders)
    string(REGEX REPLACE "^tests/?" "" room "${folder}")
    string(REPLACE "/" "_" room "${room}")
    if(room STREQUAL "support")
      file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*_test.cpp")
    else()
      file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.cpp")
    endif()
    set(links "")
    if(TARGET ${room})
      set(links ${room})
    endif()
    muster_test_executable(tests_${room} unit "${sources}" "${links}")
  endforeach()
endfunction()

# The simulator: all minds, one executable. tests/sim/faults holds patches, not sources.
function(muster_simulation_tests)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/sim/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/tests/sim/faults/")
  if(sources)
    muster_test_executable(tests_sim simulation "${sources}" "${muster_minds}")
    # It uses every core itself; 10,000 worlds under a sanitizer take long.
    set_tests_properties(tests_sim PROPERTIES RUN_SERIAL ON TIMEOUT 3600)
  endif()
endfunction()

# tests/tools/NAME.cpp -> NAME: small programs that tests call.
function(muster_test_tools)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/tools/*.cpp")
  foreach(source IN LISTS sources)
    get_filename_component(target "${source}" NAME_WE)
    add_executable(${target} "${source}")
    target_link_libraries(${target} PRIVATE tests_support core_host)
    if(target STREQUAL "muster_twice")
      target_link_libraries(${target} PRIVATE app)
    endif()
    muster_compile_rules(${target})
  endforeach()
endfunction()

# Scripts run by the system's python: e2e tests get the program's path in MUSTER, those of
# tests/tools in GALLERY and FILLER.
function(muster_script_tests)
  set(python /usr/bin/python3)
  string(JOIN ";" environment "MUSTER=$<TARGET_FILE:muster>"
         "MUSTER_TWICE=$<TARGET_FILE:muster_twice>"
         "GALLERY=$<TARGET_FILE:gallery_export>" "FILLER=$<TARGET_FILE:rows_filler>"
         "PYTHONDONTWRITEBYTECODE=1")
  file(GLOB scripts CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/e2e/*_test.py")
  foreach(script IN LISTS scripts)
    get_filename_component(name "${script}" NAME_WE)
    add_test(NAME e2e_${name} COMMAND ${python} "${script}")
    set_tests_properties(e2e_${name} PROPERTIES
      LABELS e2e TIMEOUT 600
      ENVIRONMENT "${environment}")
  endforeach()
  # Conversations by the hundred, against one broker and against two: tests/conformance.
  add_test(NAME conformance COMMAND ${python} "${CMAKE_SOURCE_DIR}/tests/conformance/run.py")
  set_tests_properties(conformance PROPERTIES
    LABELS e2e TIMEOUT 600
    ENVIRONMENT "${environment}")
  add_test(NAME conformance_run
           COMMAND ${python} "${CMAKE_SOURCE_DIR}/tests/conformance/run_test.py")
  set_tests_properties(conformance_run PROPERTIES
    LABELS unit TIMEOUT 120 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  add_test(NAME conformance_table
           COMMAND ${python} "${CMAKE_SOURCE_DIR}/tests/conformance/table.py" --check)
  set_tests_properties(conformance_table PROPERTIES
    LABELS unit TIMEOUT 120 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  if(EXISTS "${CMAKE_SOURCE_DIR}/tests/tidy_test.py")
    add_test(NAME tidy COMMAND ${python} "${CMAKE_SOURCE_DIR}/tests/tidy_test.py")
    set_tests_properties(tidy PROPERTIES LABELS unit TIMEOUT 120)
  endif()
endfunction()

function(muster_tests)
  find_package(GTest REQUIRED)
  muster_test_support()
  muster_test_tools()
  muster_room_tests()
  muster_simulation_tests()
  muster_script_tests()
endfunction()

# tests/fuzz/NAME_fuzz.cpp -> NAME_fuzz, in the fuzz preset only.
function(muster_fuzz_targets)
  if(NOT MUSTER_FUZZ)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cpp")
  add_custom_target(fuzz_targets)
  add_dependencies(fuzz_targets gallery_export)  # writes the packet gallery as seeds
  foreach(source IN LISTS sources)
    get_filename_component(target "${source}" NAME_WE)
    add_executable(${target} "${source}")
    target_link_libraries(${target} PRIVATE ${muster_all_rooms})
    if(TARGET tests_support)
      target_link_libraries(${target} PRIVATE tests_support)
    endif()
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    muster_compile_rules(${target})
    add_dependencies(fuzz_targets ${target})
  endforeach()
endfunction()

# bench/NAME.cpp -> bench_NAME, all of them by the target `bench`; the preset dev builds them, so
# that they compile when they are wanted.
function(muster_benchmarks)
  find_package(benchmark REQUIRED)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cpp")
  add_custom_target(bench)
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(bench_${name} EXCLUDE_FROM_ALL "${source}")
    target_link_libraries(bench_${name} PRIVATE ${muster_all_rooms} benchmark::benchmark
                                                benchmark::benchmark_main)
    if(TARGET tests_support)
      target_link_libraries(bench_${name} PRIVATE tests_support)
    endif()
    muster_compile_rules(bench_${name})
    add_dependencies(bench bench_${name})
  endforeach()
endfunction()
