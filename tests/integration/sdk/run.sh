#!/bin/sh
# run.sh FOLDER TOOL PLUGINS: installs the pinned SDKs into FOLDER (once per lock file), then tests.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
if ! cmp -s "$here/package-lock.json" "$1/installed.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$1/"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$here/package-lock.json" "$1/installed.json"
fi
cp "$here/sdk_test.mjs" "$1/"
cd "$1"
exec node sdk_test.mjs "$2" "$3"
