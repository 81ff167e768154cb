#!/bin/sh
# Runs once, on an empty volume: a role and a database for us, a role for Temporal that may make its own.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$POSTGRES_PASSWORD" --username postgres <<'SQL'
create role showrunner login password :'password';
create database showrunner owner showrunner;
create role temporal login createdb password :'password';
SQL
