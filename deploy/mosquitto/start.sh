#!/bin/sh
# The password comes from the environment, so the file that Mosquitto reads is made at every start.
set -eu
mosquitto_passwd -b -c /mosquitto/data/passwords showrunner "$MQTT_PASSWORD"
chown mosquitto:mosquitto /mosquitto/data /mosquitto/data/passwords
chmod 0600 /mosquitto/data/passwords
exec mosquitto -c /deploy/mosquitto.conf
