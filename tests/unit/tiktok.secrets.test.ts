import { describe, expect, test } from '@jest/globals';
import { pushServerOf } from '../../tiktok/live/push-server.ts';
import { isLoopback, mayCarrySession, redactor, sessionCookies } from '../../tiktok/live/secrets.ts';

describe('a session cookie', () => {
  test('given as a bare id goes by all of TikTok’s names for it', () => {
    expect(sessionCookies(' abc123 ')).toEqual([
      'sessionid=abc123',
      'sessionid_ss=abc123',
      'sid_tt=abc123',
      'sid_guard=abc123',
      'tt-target-idc=useast1a',
    ]);
  });

  test('given as pairs stays as it is', () => {
    expect(sessionCookies('sessionid=abc; tt-target-idc=useast5; x')).toEqual(['sessionid=abc', 'tt-target-idc=useast5']);
  });

  test('can not begin a header of its own', () => {
    expect(sessionCookies('sessionid=a\r\nX-Evil: 1').join()).not.toMatch(/[\r\n]/);
    expect(sessionCookies(null)).toEqual([]);
    expect(sessionCookies('\n')).toEqual([]);
  });

  test.each([
    ['https://webcast.tiktok.com/', true],
    ['wss://push.tiktok.com/', true],
    ['http://127.0.0.1:8080/', true],
    ['ws://localhost/', true],
    ['http://[::1]/', true],
    ['http://webcast.tiktok.com/', false],
    ['ws://push.tiktok.com/', false],
    ['http://127.0.0.1.evil.example/', false],
    ['http://localhost.evil.example/', false],
  ])('may it go to %s: %s', (url, may) => {
    expect(mayCarrySession(new URL(url))).toBe(may);
    expect(isLoopback(new URL(url))).toBe(may && /^(http|ws):/.test(url));
  });

  test('is taken out of text whole, in parts and encoded', () => {
    const redact = redactor(['sessionid=S3cr%t/x; sid=Other1', 'key-1', null]);
    expect(redact('got sessionid=S3cr%t/x; sid=Other1 and S3cr%25t%2Fx, Other1, key-1')).toBe(
      'got [redacted] and [redacted], [redacted], [redacted]',
    );
    expect(redact('x'.repeat(2_000))).toHaveLength(500);
  });
});

describe('the push server that a sign service names', () => {
  const SECURE = 'https://sign.example';

  test.each([
    [SECURE, 'wss://push.tiktok.com/im'],
    [SECURE, 'ws://127.0.0.1:9000/im'],
    ['http://sandbox:4000', 'ws://sandbox:4000/im?x=1'],
  ])('of %s may be %s', (sign, push) => {
    expect(pushServerOf(sign, push).href).toBe(push);
  });

  test.each([
    '',
    'push.tiktok.com',
    'ws://push.tiktok.com/im',
    'http://127.0.0.1/im',
    'file:///etc/passwd',
    'wss://me:pw@push.tiktok.com/',
  ])('may not be %j', (push) => {
    expect(() => pushServerOf(SECURE, push)).toThrow(/no secure push server/);
  });
});
