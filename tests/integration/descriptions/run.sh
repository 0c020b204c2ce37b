#!/bin/sh
# run.sh FOLDER: installs Prism and the API descriptions into FOLDER (once per lock file), then tests.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
if ! cmp -s "$here/package-lock.json" "$1/installed.json"; then
  cp "$here/package.json" "$here/package-lock.json" "$1/"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$here/package-lock.json" "$1/installed.json"
fi
PRISM_FOLDER=$1 exec python3 "$here/descriptions_test.py"
