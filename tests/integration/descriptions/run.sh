#!/bin/sh
# run.sh FOLDER: installs Prism and the API descriptions into FOLDER (once per lock file), then tests.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../support/npm_once.sh"
npm_once "$here" "$1"
PRISM_FOLDER=$1 exec python3 "$here/descriptions_test.py"
