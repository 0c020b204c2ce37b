# junctor_room(name DEPS … LIBS … HEADERS … SOURCES …), called from core/<name>/CMakeLists.txt
#
# One room of core/ = one static library `junctor_<name>`. The order of add_subdirectory in
# core/CMakeLists.txt is the architecture: a room may use only rooms declared before it.
# LIBS are private to the room: rooms above see neither them nor their headers.
# - HEADERS are the room's public face. Each is reached as "<name>/<file>.h" through a folder of
#   links made for this target alone, so including a header of a room that is not in DEPS (or that
#   stands above) does not compile.
# - Unlisted headers are private to the room.
function(junctor_room name)
  cmake_parse_arguments(ROOM "" "" "DEPS;LIBS;HEADERS;SOURCES" ${ARGN})
  set(target junctor_${name})
  set(public ${CMAKE_BINARY_DIR}/include/${name}/public)
  set(private ${CMAKE_BINARY_DIR}/include/${name}/private)

  if(IS_SYMLINK ${public}/${name})  # a link into the sources would be written through
    file(REMOVE ${public}/${name})
  endif()
  foreach(header ${ROOM_HEADERS})
    if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${header})
      message(FATAL_ERROR "room '${name}' lists ${header}, which does not exist")
    endif()
    get_filename_component(folder ${public}/${name}/${header} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${public}/${name}/${header} SYMBOLIC)
  endforeach()
  file(MAKE_DIRECTORY ${public} ${private})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${private}/${name} SYMBOLIC)

  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
    target_include_directories(${target} PRIVATE ${private})
    # Half of the time goes into headers. A room is one namespace: what is private to a file needs a
    # name of its own in the room.
    set_target_properties(${target} PROPERTIES UNITY_BUILD "${JUNCTOR_UNITY}" UNITY_BUILD_BATCH_SIZE 6)
    if(JUNCTOR_UNITY)  # the compiler takes the six for headers, where that would be a mistake
      target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
    endif()
    target_link_libraries(${target} PRIVATE junctor_warnings ${ROOM_LIBS})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
    target_link_libraries(${target} INTERFACE ${ROOM_LIBS})
  endif()
  target_include_directories(${target} ${scope} ${public})
  foreach(dep ${ROOM_DEPS})
    if(NOT TARGET junctor_${dep})
      message(FATAL_ERROR
        "room '${name}' may not use '${dep}': it does not stand below it in core/CMakeLists.txt")
    endif()
    target_link_libraries(${target} ${scope} junctor_${dep})
  endforeach()
endfunction()
