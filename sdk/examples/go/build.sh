#!/bin/sh
# Builds build/acme.so with go. JUNCTOR_SDK: where Junctor's SDK is, if not where this project was
# made; go.mod names that place too.
set -eu
cd "$(dirname "$0")"
sdk=${JUNCTOR_SDK:-../..}
sdk=$(cd "$sdk" && pwd)
mkdir -p build
CGO_ENABLED=1 go build -buildmode=c-shared -trimpath -o build/acme.so.new \
  -ldflags "-s -w '-extldflags=\"-Wl,--version-script=$sdk/cmake/connector.map\" -Wl,-z,now -Wl,-z,relro'" .
rm -f build/acme.h build/acme.so.h build/acme.so.new.h
mv build/acme.so.new build/acme.so
echo "build/acme.so"
