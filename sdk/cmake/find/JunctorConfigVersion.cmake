# Installed in lib/cmake/Junctor; the SDK stands in share/junctor/sdk of the same prefix.
include(${CMAKE_CURRENT_LIST_DIR}/../../../share/junctor/sdk/cmake/JunctorConfigVersion.cmake)
