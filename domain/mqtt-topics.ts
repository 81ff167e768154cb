const MAX_TOPIC_BYTES = 65_535;

/**
 * Why a text can't be published to as an MQTT topic, or null where it can (MQTT 5, sections 1.5.4 and 4.7).
 * Topics that begin with $ belong to the broker.
 */
export function topicFault(topic: string): string | null {
  if (topic === '') return 'must not be empty';
  if (topic.includes('\u0000')) return 'must not contain the NUL character';
  if (/\p{Surrogate}/u.test(topic)) return 'must be valid Unicode';
  if (/[+#]/.test(topic)) return 'must not contain the wildcards + and #';
  if (topic.startsWith('$')) return 'must not begin with $: such topics belong to the broker';
  if (utf8Length(topic) > MAX_TOPIC_BYTES) return `must not be longer than ${MAX_TOPIC_BYTES.toLocaleString('en')} bytes`;
  return null;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
