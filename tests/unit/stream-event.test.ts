import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newStreamKey } from '../../db/stream-key.ts';
import { readStreamEvent } from '../../domain/streaming/stream-event.ts';

const ID = '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10';

describe('The word of a media server', () => {
  test.each([
    [{ call: 'publish', name: 'sk_a', clientid: '7', tcurl: 'rtmp://n/live?x=1' }, { kind: 'on_publish', key: 'sk_a', name: 'sk_a', client_id: '7', media_server: 'rtmp://n/live' }],
    [{ call: 'publish', name: ID, key: 'sk_a' }, { kind: 'on_publish', key: 'sk_a', name: ID }],
    [{ call: 'play', name: ID, key: 'sk_a', stream_key: 'sk_b', stream: 'other', stream_id: 'other' }, { kind: 'on_play', name: ID }],
    // A client that publishes no name can't have its own arguments taken for one.
    [{ call: 'publish', name: '', stream: ID, stream_id: ID }, { name: '', key: '' }],
    [{ call: 'publish_done', name: ID, clientid: '7' }, { kind: 'on_done', name: ID }],
    [{ call: 'done', name: ID }, { kind: 'on_done' }],
    [{ call: 'play', name: ID, token: 't' }, { kind: 'on_play', token: 't' }],
    [{ call: 'update_publish', name: ID }, { kind: 'other', call: 'update_publish' }],
    [{ action: 'on_publish', stream: 'show', param: '?key=sk_a&token=t%20t', client_id: 9 }, { kind: 'on_publish', key: 'sk_a', name: 'show', token: 't t', client_id: '9' }],
    [{ event: 'on_publish', stream_key: 'sk_a', stream_id: ID }, { key: 'sk_a', name: ID }],
    [{ call: 'constructor', name: ID }, { kind: 'other', call: 'constructor' }],
    [{ call: '__proto__', name: ID }, { kind: 'other' }],
    [{ action: 'on_unpublish', stream: ID, server_id: 's' }, { kind: 'on_done', media_server: 's' }],
    [{ event: 'on_play', stream_id: ID }, { kind: 'on_play', name: ID }],
    [{ event: 'on_publish' }, { kind: 'on_publish', key: '', name: '', client_id: null, token: null, event_id: null }],
  ])('is read: %j', (fields, expected) => expect(readStreamEvent(fields)).toMatchObject(expected));

  test.each([{}, { call: '' }, { call: 3.5 < 0 }, { event: { a: 1 } }])('that names no event is none: %j', (fields) => expect(readStreamEvent(fields)).toBeNull());

  test('is kept without the key, wherever it stands', () => {
    fc.assert(
      fc.property(fc.constantFrom('name', 'key', 'stream', 'stream_key', 'param', 'args', 'tcurl', 'pageurl', 'anything'), fc.constantFrom('', '?key=', 'rtmp://a/live/', '?a=1&token='), (field, before) => {
        const key = newStreamKey();
        expect(JSON.stringify(readStreamEvent({ call: 'publish', [field]: `${before}${key}` })?.body)).not.toContain(key);
      }),
    );
  });

  test('is read whatever its fields hold, within bounds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.object())), (fields) => {
        const event = readStreamEvent({ ...fields, call: 'publish', big: 'x'.repeat(100_000) });
        expect(event?.kind).toBe('on_publish');
        expect(JSON.stringify(event).length).toBeLessThan(400_000);
      }),
    );
  });
});
