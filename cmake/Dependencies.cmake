# Everything foreign, in one place. All of it comes from Debian 12 packages (scripts/packages).

find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(cppzmq REQUIRED)
find_package(leveldb REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PahoMqttCpp REQUIRED)

# Debian's leveldb target names a bare -lsnappy, which only resolves with the development
# package of a library that we never call. The shared library knows its own dependencies.
set_target_properties(leveldb::leveldb PROPERTIES INTERFACE_LINK_LIBRARIES "")

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
add_library(xxhash::xxhash UNKNOWN IMPORTED)
set_target_properties(xxhash::xxhash PROPERTIES
                      IMPORTED_LOCATION "${XXHASH_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${XXHASH_INCLUDE_DIR}")

find_path(DEFLATE_INCLUDE_DIR libdeflate.h REQUIRED)
find_library(DEFLATE_LIBRARY deflate REQUIRED)
add_library(libdeflate::libdeflate UNKNOWN IMPORTED)
set_target_properties(libdeflate::libdeflate PROPERTIES
                      IMPORTED_LOCATION "${DEFLATE_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${DEFLATE_INCLUDE_DIR}")

set(muster_base_libraries fmt::fmt spdlog::spdlog xxhash::xxhash)
