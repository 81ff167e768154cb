#!/bin/sh
# A TURN server for one user, whose password comes from the environment: without one it would relay for anybody.
set -eu
: "${TURN_PASSWORD:?TURN_PASSWORD is not set: put it into .env, and into ICE_SERVERS}"

# It must be no way into the networks behind it; media hosts have public addresses.
exec turnserver -n --log-file=stdout --listening-port=3478 --min-port=49160 --max-port=49400 \
  --realm=showrunner --lt-cred-mech --user="$TURN_USER:$TURN_PASSWORD" --external-ip="$TURN_EXTERNAL_ADDRESS" \
  --fingerprint --no-cli --no-multicast-peers --user-quota=100 --total-quota=500 \
  --denied-peer-ip=0.0.0.0-0.255.255.255 \
  --denied-peer-ip=10.0.0.0-10.255.255.255 \
  --denied-peer-ip=100.64.0.0-100.127.255.255 \
  --denied-peer-ip=127.0.0.0-127.255.255.255 \
  --denied-peer-ip=169.254.0.0-169.254.255.255 \
  --denied-peer-ip=172.16.0.0-172.31.255.255 \
  --denied-peer-ip=192.168.0.0-192.168.255.255 \
  --denied-peer-ip=::1 \
  --denied-peer-ip=fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
  --denied-peer-ip=fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff
