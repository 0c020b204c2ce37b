#!/bin/sh
# run.sh FOLDER [TEST]: installs the pinned OAuth servers into FOLDER (once per lock file), then tests.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
if ! cmp -s "$here/package-lock.json" "$1/installed.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$1/"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$here/package-lock.json" "$1/installed.json"
fi
cp "$here/server.mjs" "$1/"
OAUTH_SERVERS=$1 exec python3 "$here/${2:-oauth_test.py}"
