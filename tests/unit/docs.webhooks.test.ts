import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { signWebhook } from '../../messaging/webhook.ts';

type Verify = (header: string, body: string, secret: string, now?: number) => boolean;

test('What docs/webhooks.md shows for Node verifies what we sign, and nothing else', async () => {
  const page = readFileSync('docs/webhooks.md', 'utf8');
  const source = /```js\n(.*?)```/s.exec(page)?.[1] ?? '';
  const body = source.replace(/^import .*$/m, '').replace('export function', 'return function');
  const { createHmac, timingSafeEqual } = await import('node:crypto');
  const verify = new Function('createHmac', 'timingSafeEqual', 'Buffer', body)(createHmac, timingSafeEqual, Buffer) as Verify;
  const now = Date.now();
  const header = signWebhook('whsec_a', '{"ü":1}', now);
  expect(verify(header, '{"ü":1}', 'whsec_a', now)).toBe(true);
  expect(verify(header, '{"ü":2}', 'whsec_a', now)).toBe(false);
  expect(verify(header, '{"ü":1}', 'whsec_b', now)).toBe(false);
  expect(verify(header, '{"ü":1}', 'whsec_a', now + 301_000)).toBe(false);
  expect(verify('t=1,v1=', '', 'whsec_a', now)).toBe(false);
});
