#!/bin/sh
# Builds build/acme.so. JUNCTOR_SDK: where Junctor's SDK is, if not where this project was made.
set -eu
cd "$(dirname "$0")"
sdk=${JUNCTOR_SDK:-../..}
sdk=$(cd "$sdk" && pwd)
mkdir -p build
{
  cmake -S . -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo -DJunctor_DIR="$sdk/cmake" &&
    cmake --build build
} >build/build.log 2>&1 || {
  cat build/build.log >&2
  exit 1
}
echo "build/acme.so"
