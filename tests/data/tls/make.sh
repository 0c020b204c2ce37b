#!/bin/sh
# Makes the certificates beside it again. Valid until 2126, but for those that must not be.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work" ca.key' EXIT
# The CA's own key is thrown away: nothing more can be signed.
key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ||
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
cat >"$work/ca.cnf" <<CNF
[ca]
default_ca = test
[test]
database = $work/index.txt
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CNF
: >"$work/index.txt"
echo 1000 >"$work/serial"
key ca
openssl req -x509 -new -key ca.key -subj "/CN=Junctor test CA" -days 36500 -out ca.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
# name, subject alternative names, not before, not after, extended key usage
issue() {
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$work/$1.csr"
  printf 'subjectAltName=%s\nextendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n' "$2" "$5" >"$work/ext"
  openssl ca -batch -config "$work/ca.cnf" -notext -cert ca.pem -keyfile ca.key -in "$work/$1.csr" \
    -extfile "$work/ext" -startdate "$3" -enddate "$4" -out "$1.pem" 2>/dev/null
}
local=DNS:localhost,IP:127.0.0.1,IP:::1
issue good "$local" 20200101000000Z 21260101000000Z serverAuth
issue expired "$local" 20200101000000Z 20210101000000Z serverAuth
issue future "$local" 21200101000000Z 21260101000000Z serverAuth
issue wrong-host DNS:example.com 20200101000000Z 21260101000000Z serverAuth
issue client-only "$local" 20200101000000Z 21260101000000Z clientAuth
key self-signed
openssl req -x509 -new -key self-signed.key -subj /CN=localhost -days 36500 -out self-signed.pem \
  -addext "subjectAltName=$local"
