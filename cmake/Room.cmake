# muster_room(core/mqtt DEPENDS core/base LIBRARIES fmt::fmt EXCLUDE main.cpp)
#
# A static library `core_mqtt` from every .cpp below the folder (subfolders too); as long as
# there is none it is an interface library. DEPENDS are rooms below and are passed on;
# LIBRARIES are foreign and stay inside, since their headers are only included in .cpp files.
function(muster_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;LIBRARIES;EXCLUDE")
  string(REPLACE "/" "_" target "${room}")
  list(TRANSFORM arg_DEPENDS REPLACE "/" "_")

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${room}/*.cpp")
  foreach(name IN LISTS arg_EXCLUDE)
    list(REMOVE_ITEM sources "${CMAKE_SOURCE_DIR}/${room}/${name}")
  endforeach()

  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${target} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_LIBRARIES})
    muster_compile_rules(${target})
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${target} INTERFACE ${arg_DEPENDS})
  endif()
endfunction()
