# Compiler cache, linker, warnings and sanitizers, in one place.
find_program(JUNCTOR_CCACHE ccache)
if(JUNCTOR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${JUNCTOR_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${JUNCTOR_CCACHE})
endif()
find_program(JUNCTOR_MOLD mold)
if(JUNCTOR_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()

add_library(junctor_warnings INTERFACE)
target_compile_options(junctor_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>
  -Wmissing-declarations -Wundef
  $<$<BOOL:${JUNCTOR_WERROR}>:-Werror>)

if(JUNCTOR_SANITIZE)
  add_compile_options(-fsanitize=${JUNCTOR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${JUNCTOR_SANITIZE})
endif()
