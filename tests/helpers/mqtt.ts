/** The broker that tests use; set by the global set-up. */
export function testMqttUrl(): string {
  const url = process.env.TEST_MQTT_URL;
  if (!url) throw new Error('TEST_MQTT_URL is not set: integration tests run through npm test, whose global set-up finds or boots a broker.');
  return url;
}
