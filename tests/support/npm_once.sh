# npm_once HERE FOLDER: installs HERE's locked packages into FOLDER, once per lock file. To be sourced.
npm_once() {
  mkdir -p "$2"
  ! cmp -s "$1/package-lock.json" "$2/installed.json" || return 0
  cp "$1/package.json" "$1/package-lock.json" "$2/"
  (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$1/package-lock.json" "$2/installed.json"
}
