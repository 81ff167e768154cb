import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFresh, parseSignatureHeader, parseWebhook } from '../../domain/publishing/webhook.ts';

const HEX = 'a1'.repeat(32);

describe('The signature header', () => {
  test.each([
    [`t=1633174587,s=${HEX}`],
    [`s=${HEX},t=1633174587`],
    [` t=1633174587 , s=${HEX.toUpperCase()} `],
    [`t=1633174587,s=${HEX},v=2`],
  ])('%s', (header) => {
    expect(parseSignatureHeader(header)).toEqual({ timestamp: '1633174587', timestamp_s: 1_633_174_587, signature: HEX });
  });

  test.each([null, undefined, '', 't=1', `s=${HEX}`, `t=,s=${HEX}`, `t=-5,s=${HEX}`, `t=1e9,s=${HEX}`, 't=1,s=xyz', `t=1,s=${HEX}00`, `t=1,t=2,s=${HEX}`, `t=1,s=${HEX},s=${HEX}`, `t=1,s=${HEX}${' '.repeat(500)}`])(
    '%s is none',
    (header) => {
      expect(parseSignatureHeader(header)).toBeNull();
    },
  );

  test('counts for five minutes, by either clock', () => {
    expect(isFresh(1_000, 1_300_000)).toBe(true);
    expect(isFresh(1_000, 1_300_001)).toBe(false);
    expect(isFresh(1_000, 700_000)).toBe(true);
    expect(isFresh(1_000, 699_999)).toBe(false);
  });
});

describe('A webhook', () => {
  const BASE = { client_key: 'aw1', user_openid: '-000YSS_x', create_time_s: 1_615_338_610 };
  const body = (event: string, content: string): string =>
    `{"client_key":"aw1","event":"${event}","create_time":1615338610,"user_openid":"-000YSS_x","content":${JSON.stringify(content)}}`;
  const parsed = (event: string, content: string): unknown => parseWebhook(body(event, content));

  test.each([
    ['post.publish.failed', '{"publish_id":"v_pub_file~v2-1.7","reason":"spam_risk","publish_type":"DIRECT_PUBLISH"}', { kind: 'publish_failed', publish_id: 'v_pub_file~v2-1.7', reason: 'spam_risk', publish_type: 'DIRECT_PUBLISH' }],
    ['post.publish.complete', '{"publish_id":"v_pub_file~v2-1.7","publish_type":"DIRECT_POST"}', { kind: 'publish_complete', publish_id: 'v_pub_file~v2-1.7', publish_type: 'DIRECT_POST' }],
    ['post.publish.inbox_delivered', '{"publish_id":"v_inbox_file~v2.7","publish_type":"INBOX_SHARE"}', { kind: 'inbox_delivered', publish_id: 'v_inbox_file~v2.7', publish_type: 'INBOX_SHARE' }],
    ['post.publish.publicly_available', '{"publish_id":"p","post_id":"7123456789012345678"}', { kind: 'publicly_available', publish_id: 'p', post_id: '7123456789012345678', publish_type: null }],
    ['post.publish.publicly_available', '{"publish_id":"p","post_id":7123456789012345678}', { kind: 'publicly_available', publish_id: 'p', post_id: '7123456789012345678', publish_type: null }],
    ['post.publish.no_longer_publicaly_available', '{"publish_id":"p","post_id":7123456789012345679}', { kind: 'no_longer_publicly_available', publish_id: 'p', post_id: '7123456789012345679', publish_type: null }],
    ['post.publish.no_longer_publicly_available', '{"publish_id":"p","post_id":"1"}', { kind: 'no_longer_publicly_available', publish_id: 'p', post_id: '1', publish_type: null }],
    ['authorization.removed', '{"reason": 1 }', { kind: 'authorization_removed', reason: 1, reason_words: 'the person disconnected the app in TikTok' }],
    ['authorization.removed', '{"reason":"4"}', { kind: 'authorization_removed', reason: 4, reason_words: 'TikTok banned the account' }],
    ['authorization.removed', '{}', { kind: 'authorization_removed', reason: 0, reason_words: 'TikTok gave no reason' }],
    ['authorization.removed', '{"reason":99}', { kind: 'authorization_removed', reason: 99, reason_words: 'TikTok’s reason 99' }],
    ['video.publish.completed', '{"share_id":"v.1"}', { kind: 'ignored' }],
    ['portability.download.ready', '{"request_id":7123456789012345678}', { kind: 'ignored' }],
    ['constructor', '{}', { kind: 'ignored' }],
  ])('%s with %s', (event, content, expected) => {
    expect(parsed(event, content)).toEqual({ ok: true, event: { ...BASE, event, ...expected } });
  });

  test('is read too where its content is an object, or its numbers are strings', () => {
    const loose = '{"client_key":"aw1","event":"post.publish.complete","create_time":"1615338610","user_openid":7123456789012345678,"content":{"publish_id":7123456789012345678}}';
    expect(parseWebhook(loose)).toEqual({
      ok: true,
      event: { client_key: 'aw1', event: 'post.publish.complete', create_time_s: 1_615_338_610, user_openid: '7123456789012345678', kind: 'publish_complete', publish_id: '7123456789012345678', publish_type: null },
    });
  });

  test.each([
    ['', 'not JSON'],
    ['nonsense', 'not JSON'],
    ['[]', 'expected object'],
    ['{"event":""}', 'event'],
    [body('post.publish.complete', 'nonsense'), 'not JSON'],
    [body('post.publish.complete', '{}'), 'publish_id'],
    [body('post.publish.publicly_available', '{"publish_id":"p"}'), 'post_id'],
    [body('authorization.removed', '7'), 'expected object'],
  ])('%s is none', (text, reason) => {
    expect(parseWebhook(text)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  test('is a value or a reason for any text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => expect(typeof parseWebhook(text).ok).toBe('boolean')));
    fc.assert(fc.property(fc.constantFrom('post.publish.failed', 'authorization.removed', 'x'), fc.json(), (event, content) => expect(typeof parseWebhook(body(event, content)).ok).toBe('boolean')));
  });
});
