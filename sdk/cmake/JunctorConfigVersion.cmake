# The version is that of the connector ABI, as the header says it: any 1.x serves who asks for 1.y
# with y <= x.
get_filename_component(sdk ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
set(types ${sdk}/include/junctor/types.h)
if(NOT EXISTS ${types})  # installed: share/junctor/sdk beside include/
  set(types ${sdk}/../../../include/junctor/types.h)
endif()
file(STRINGS ${types} lines REGEX "^#define JN_ABI_(MAJOR|MINOR) [0-9]+u")
string(REGEX REPLACE ".*JN_ABI_MAJOR ([0-9]+)u.*" "\\1" major "${lines}")
string(REGEX REPLACE ".*JN_ABI_MINOR ([0-9]+)u.*" "\\1" minor "${lines}")
set(PACKAGE_VERSION ${major}.${minor})
if(PACKAGE_FIND_VERSION_MAJOR STREQUAL major AND NOT PACKAGE_FIND_VERSION_MINOR GREATER minor)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION_MINOR EQUAL minor)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
