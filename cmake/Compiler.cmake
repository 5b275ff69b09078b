# Language, compiler cache, warnings and sanitizers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(MUSTER_WERROR "Warnings are errors" OFF)
set(MUSTER_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined")
option(MUSTER_FUZZ "Build the libFuzzer targets (clang only)" OFF)

# Paths below the source folder are made relative before hashing, so that several work trees
# of the repository share one cache.
find_program(MUSTER_CCACHE ccache)
if(MUSTER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${MUSTER_CCACHE})
endif()

if(MUSTER_SANITIZE)
  # vptr: it opens a pipe to look at an object, which fails where a test uses up all descriptors.
  add_compile_options(-fsanitize=${MUSTER_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MUSTER_SANITIZE})
endif()
if(MUSTER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(muster_warnings -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wcast-qual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these for correct standard library code once it inlines deeply.
  list(APPEND muster_warnings -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                              -Wno-array-bounds -Wno-dangling-pointer)
  if(MUSTER_SANITIZE)
    list(APPEND muster_warnings -Wno-maybe-uninitialized)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # MUSTER_CHECK(!"reason") is how unreachable places are marked.
  list(APPEND muster_warnings -Wno-string-conversion)
endif()
if(MUSTER_WERROR)
  list(APPEND muster_warnings -Werror)
endif()

# What holds for every target of ours: includes from the root, warnings.
function(muster_compile_rules target)
  target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_compile_options(${target} PRIVATE ${muster_warnings})
  target_link_libraries(${target} PRIVATE Threads::Threads)
endfunction()
