#!/bin/sh
# The role and database that the nodes get: nobody special.
set -eu
psql -v ON_ERROR_STOP=1 -U admin -d postgres -v secret="$(cat /run/secrets/password)" <<'SQL'
CREATE ROLE junctor LOGIN PASSWORD :'secret';
CREATE DATABASE junctor OWNER junctor ENCODING 'UTF8' TEMPLATE template0;
SQL
