#!/bin/sh
# Builds build/acme.so with cargo. The SDK's place is in Cargo.toml.
set -eu
cd "$(dirname "$0")"
cargo build --quiet --release --offline --target-dir build/cargo
cp build/cargo/release/lib*.so build/acme.so.new
mv build/acme.so.new build/acme.so
echo "build/acme.so"
