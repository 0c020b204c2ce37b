# find_package(Junctor 1 REQUIRED): junctor_add_connector() for a project outside the Junctor tree,
# and the targets Junctor::sdk (headers of the C ABI and of the C++ SDK) and Junctor::testing (a host
# for unit tests). The version is that of the connector ABI.
# Works from an installed prefix and, with -DJunctor_DIR=<tree>/sdk/cmake, from a source tree.
if(NOT JUNCTOR_CONNECTOR_OUTPUT_DIRECTORY)
  set(JUNCTOR_CONNECTOR_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endif()
include(${CMAKE_CURRENT_LIST_DIR}/JunctorConnector.cmake)
