# junctor_add_connector(name SOURCES … [MANIFEST file] [OUTPUT_DIRECTORY dir] [NO_INSTALL])
#
# Builds one connector, <name>.so, against the SDK alone, from the manifest.json beside the caller:
# - the manifest becomes the ELF note that the host reads before it runs any code of the library;
#   its id and version are JUNCTOR_CONNECTOR_ID and JUNCTOR_CONNECTOR_VERSION in the sources;
# - the library exports junctor_plugin_v1 and nothing else, resolves every symbol at load, and
#   brings its own C++ runtime, so that it runs in every host of ABI major 1.
# A folder fixtures/ beside the manifest is installed as the connector's samples, under its id.
# Works inside the Junctor tree and, by find_package(Junctor), from an installed SDK.
set(JUNCTOR_CONNECTOR_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

if(NOT TARGET junctor_sdk)
  add_library(junctor_sdk INTERFACE)
  get_filename_component(junctor_sdk_root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
  target_include_directories(junctor_sdk INTERFACE ${junctor_sdk_root}/cpp)
  if(EXISTS ${junctor_sdk_root}/include/junctor/junctor.h)
    target_include_directories(junctor_sdk INTERFACE ${junctor_sdk_root}/include)
  else()  # installed: share/junctor/sdk beside include/
    target_include_directories(junctor_sdk INTERFACE ${junctor_sdk_root}/../../../include)
  endif()
  get_property(junctor_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(CXX IN_LIST junctor_languages)
    target_compile_features(junctor_sdk INTERFACE cxx_std_17)
  endif()
  add_library(Junctor::sdk ALIAS junctor_sdk)
endif()

# The host for unit tests: include <junctor/testing.hpp>, or <junctor/testing.h> from C.
if(NOT TARGET junctor_testing)
  add_library(junctor_testing INTERFACE)
  get_filename_component(junctor_sdk_root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
  target_include_directories(junctor_testing INTERFACE ${junctor_sdk_root}/testing)
  target_sources(junctor_testing INTERFACE ${junctor_sdk_root}/testing/testing.cpp)
  target_link_libraries(junctor_testing INTERFACE junctor_sdk)
  add_library(Junctor::testing ALIAS junctor_testing)
endif()

# Writes the note's source for a manifest; refuses one that is not a JSON object with id and version.
function(junctor_manifest_note manifest output id_variable version_variable)
  set(JUNCTOR_NOTE_FILE ${manifest})
  file(READ ${manifest} text)
  foreach(key id version)
    string(JSON value ERROR_VARIABLE problem GET "${text}" ${key})
    if(problem)
      message(FATAL_ERROR "${manifest}: ${problem}")
    endif()
    set(${${key}_variable} ${value} PARENT_SCOPE)
  endforeach()
  configure_file(${JUNCTOR_CONNECTOR_CMAKE_DIR}/connector_note.c.in ${output} @ONLY)
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS ${manifest})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
endfunction()

function(junctor_add_connector name)
  cmake_parse_arguments(CONNECTOR "NO_INSTALL" "MANIFEST;OUTPUT_DIRECTORY" "SOURCES" ${ARGN})
  set(folder ${CMAKE_CURRENT_SOURCE_DIR})
  set(target connector_${name})
  if(NOT CONNECTOR_MANIFEST)
    set(CONNECTOR_MANIFEST ${folder}/manifest.json)
  endif()
  if(NOT CONNECTOR_OUTPUT_DIRECTORY)
    set(CONNECTOR_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/junctor/connectors)
    if(JUNCTOR_CONNECTOR_OUTPUT_DIRECTORY)
      set(CONNECTOR_OUTPUT_DIRECTORY ${JUNCTOR_CONNECTOR_OUTPUT_DIRECTORY})
    endif()
  endif()
  set(note ${CMAKE_CURRENT_BINARY_DIR}/${name}_note.c)
  junctor_manifest_note(${CONNECTOR_MANIFEST} ${note} id version)

  add_library(${target} MODULE ${CONNECTOR_SOURCES} ${note})
  target_link_libraries(${target} PRIVATE junctor_sdk)
  if(TARGET junctor_warnings)
    target_link_libraries(${target} PRIVATE junctor_warnings)
  endif()
  target_compile_definitions(${target} PRIVATE
    JUNCTOR_CONNECTOR_ID="${id}" JUNCTOR_CONNECTOR_VERSION="${version}")
  set(map ${JUNCTOR_CONNECTOR_CMAKE_DIR}/connector.map)
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${map} -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack)
  if(NOT JUNCTOR_SANITIZE)  # sanitizers leave symbols to the host's runtime
    target_link_options(${target} PRIVATE -Wl,-z,defs -static-libstdc++ -static-libgcc)
  endif()
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} PREFIX "" SUFFIX .so LINK_DEPENDS ${map}
    LIBRARY_OUTPUT_DIRECTORY ${CONNECTOR_OUTPUT_DIRECTORY}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  set_target_properties(${target} PROPERTIES
    JUNCTOR_SOURCES "${CONNECTOR_SOURCES}" JUNCTOR_NOTE ${note} JUNCTOR_ID ${id} JUNCTOR_VERSION ${version})
  if(NOT CONNECTOR_NO_INSTALL)
    install(TARGETS ${target} LIBRARY DESTINATION lib/junctor/connectors)
    if(EXISTS ${folder}/fixtures)
      install(DIRECTORY ${folder}/fixtures/ DESTINATION share/junctor/samples/${id})
      # The build tree has the layout of the installed one.
      file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/junctor/samples)
      file(CREATE_LINK ${folder}/fixtures ${CMAKE_BINARY_DIR}/share/junctor/samples/${id} SYMBOLIC)
    endif()
  endif()
endfunction()

# junctor_add_connector_test(name SOURCES …): the connector's own sources and these in one program,
# <name>_test, which ctest runs in the source folder. Needs the language CXX.
function(junctor_add_connector_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES" ${ARGN})
  get_target_property(sources connector_${name} JUNCTOR_SOURCES)
  get_target_property(note connector_${name} JUNCTOR_NOTE)  # declared.hpp reads the manifest
  get_target_property(id connector_${name} JUNCTOR_ID)
  get_target_property(version connector_${name} JUNCTOR_VERSION)
  add_executable(${name}_test ${sources} ${note} ${TEST_SOURCES})
  target_link_libraries(${name}_test PRIVATE junctor_testing)
  target_compile_definitions(${name}_test PRIVATE
    JUNCTOR_CONNECTOR_ID="${id}" JUNCTOR_CONNECTOR_VERSION="${version}")
  add_test(NAME ${name}_test COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()
