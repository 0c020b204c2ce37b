#!/bin/sh
# Compiles every ABI header alone, and all together, with gcc and clang in each C and C++ standard a
# connector may be written in, and checks that each function states thread, owner, errors and since.
# usage: header_matrix.sh INCLUDE_DIR
set -u
include=$1
failed=0
checked=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compile() { # compiler standard language
  # Every header alone in the oldest standards, all of them together in the others.
  case $2 in c99|c++11) only='*.h' ;; *) only=junctor.h ;; esac
  for header in "$include"/junctor/$only; do
    name=$(basename "$header")
    printf '#include <junctor/%s>\n#include <junctor/%s>\nint main(void);\nint main(void) { return 0; }\n' \
      "$name" "$name" > "$work/one.$3"
    checked=$((checked + 1))
    "$1" -std="$2" -x "$3" -Wall -Wextra -pedantic -Wpadded -Werror -I"$include" -fsyntax-only \
      "$work/one.$3" || { echo "FAILED: $1 -std=$2 $name"; failed=$((failed + 1)); }
  done
}

for standard in c99 c11 c17; do
  for compiler in gcc clang; do
    command -v $compiler > /dev/null || { echo "FAILED: no $compiler"; failed=$((failed + 1)); continue; }
    compile $compiler $standard c
  done
done
for standard in c++11 c++14 c++17 c++20; do
  for compiler in g++ clang++; do
    command -v $compiler > /dev/null || { echo "FAILED: no $compiler"; failed=$((failed + 1)); continue; }
    compile $compiler $standard c++
  done
done

# The comment above each function (pointer) must hold all four parts of its contract.
awk '
  /\/\*/ { comment = "" }
  { comment = comment $0 }
  /^  [a-z].*\(\*[a-z_0-9]+\)\(/ || /^JN_EXPORT/ {
    functions++
    if (comment !~ /Thread: \[/ || comment !~ /Owner: / || comment !~ /Errors: / || comment !~ /Since [0-9]/) {
      print "FAILED: " FILENAME ":" FNR ": contract incomplete: " $0; bad++
    }
    comment = ""
  }
  END { print functions " functions documented, " bad + 0 " incomplete"; exit bad > 0 }
' "$include"/junctor/*.h || failed=$((failed + 1))

echo "$checked compilations, $failed failures"
[ "$failed" -eq 0 ]
