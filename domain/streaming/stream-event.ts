import type { Json } from '../contracts/rule.ts';

export const STREAM_EVENTS = ['on_publish', 'on_done', 'on_play', 'other'] as const;
export type StreamEventKind = (typeof STREAM_EVENTS)[number];

/** What a media server tells, whichever one it is. */
export interface StreamEvent {
  kind: StreamEventKind;
  /** The media server's own word for it: publish, on_unpublish, update_publish. */
  call: string;
  /** What the client shows to be let in: of its own URL, or else the published name; '' where there is none. */
  key: string;
  /** What the media server serves it under, whatever its client says beside that: id of the stream, or its key; '' where there is none. */
  name: string;
  client_id: string | null;
  /** Which server or application of it says so. */
  media_server: string | null;
  /** Play token, in what a player's URL has behind the question mark. */
  token: string | null;
  /** The sender's own id of this event, where it gives one. */
  event_id: string | null;
  /** Without keys and tokens. */
  body: Json;
}

/** https://github.com/arut/nginx-rtmp-module/wiki/Directives#notify and https://ossrs.io/lts/en-us/docs/v6/doc/http-callback */
const KINDS = new Map<string, StreamEventKind>([
  ['publish', 'on_publish'],
  ['on_publish', 'on_publish'],
  ['publish_done', 'on_done'],
  ['on_publish_done', 'on_done'],
  ['on_unpublish', 'on_done'],
  ['on_done', 'on_done'],
  // nginx-rtmp's on_done tells it of players too: which client it is about decides.
  ['done', 'on_done'],
  ['play', 'on_play'],
  ['on_play', 'on_play'],
]);
const KEYS = ['key', 'stream_key'];
const NAMES = ['name', 'stream', 'stream_id'];
const CALLS = ['call', 'event', 'action'];
const SECRETS = new Set([...KEYS, ...NAMES, 'token']);
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** Longer than any field that a media server sends. */
const LONGEST = 2_000;
const MOST_FIELDS = 50;

/** @returns null where it names no event */
export function readStreamEvent(fields: Readonly<Record<string, unknown>>): StreamEvent | null {
  const params = queryOf(text(fields.param) || text(fields.args));
  const pick = (names: readonly string[]): string => names.map((name) => text(fields[name])).find((value) => value !== '') ?? '';
  const call = pick(CALLS);
  if (call === '') return null;
  // The first that is there, even if it is empty: nginx-rtmp has its client's own fields behind its own.
  const name = text(NAMES.map((field) => fields[field]).find(isText));
  return {
    kind: KINDS.get(call) ?? 'other',
    call,
    key: text(params.key) || pick(KEYS) || name,
    name,
    client_id: pick(['clientid', 'client_id']) || null,
    media_server: pick(['media_server', 'server_id', 'tcurl', 'vhost', 'app']).replace(/\?.*$/, '') || null,
    token: text(fields.token) || text(params.token) || null,
    event_id: pick(['event_id', 'id']) || null,
    body: withoutSecrets(fields),
  };
}

/** A form's fields. One that is there twice is what it was first: nginx-rtmp puts its client's own arguments, raw, behind its own fields. */
export function readForm(form: string): Record<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(form)) if (!fields.has(name)) fields.set(name, value);
  return Object.fromEntries(fields);
}

export const isStreamId = (name: string): boolean => UUID.test(name);

function withoutSecrets(fields: Readonly<Record<string, unknown>>): Json {
  const kept = Object.entries(fields).slice(0, MOST_FIELDS);
  return Object.fromEntries(kept.map(([name, value]) => [name, SECRETS.has(name) && !isStreamId(text(value)) ? '***' : scrubbed(text(value))]));
}

/** Keys turn up in URLs too, as do tokens. */
const scrubbed = (value: string): string => value.replaceAll(/sk_[\w-]+/g, 'sk_***').replaceAll(/\b(token|key|signature)=[^&\s]*/gi, '$1=***');

const isText = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '').replaceAll('\0', '').slice(0, LONGEST);

function queryOf(given: string): Record<string, string> {
  const pairs = given.replace(/^\?/, '').split('&').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name, decoded(value)];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}
