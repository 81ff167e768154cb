#!/bin/sh
# Makes Temporal's two databases, or brings them to the schema of this version. Safe to run again.
set -eu
for name in temporal:temporal temporal_visibility:visibility; do
  database=${name%%:*}
  schema=${name##*:}
  tool="temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --database $database"
  $tool create
  # A database that has the version table already says so; the update below then does what is left.
  $tool setup-schema -v 0.0 || echo "$database has a schema already"
  $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
