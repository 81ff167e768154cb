#!/bin/sh
# Makes the namespace `default` where it is absent.
set -eu
temporal operator cluster health
temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention "$RETENTION"
