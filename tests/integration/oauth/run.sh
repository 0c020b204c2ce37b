#!/bin/sh
# run.sh FOLDER [TEST]: installs the pinned OAuth servers into FOLDER (once per lock file), then tests.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../support/npm_once.sh"
npm_once "$here" "$1"
cp "$here/server.mjs" "$1/"
OAUTH_SERVERS=$1 exec python3 "$here/${2:-oauth_test.py}"
