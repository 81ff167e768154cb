import { expect, test } from '@jest/globals';
import { webhookAddress } from '../../domain/shop/webhook-subscription.ts';

test.each([
  ['https://shops.example.com', 'https://shops.example.com/webhook/'],
  ['https://shops.example.com/', 'https://shops.example.com/webhook/'],
  ['https://example.com/showrunner', 'https://example.com/showrunner/webhook/'],
])('TikTok is told %s as %s', (publicUrl, address) => {
  expect(webhookAddress(publicUrl)).toBe(address);
});

test.each([null, '', 'nonsense', 'http://shops.example.com', 'https://shops.example.com:8443', 'https://localhost', 'https://203.0.113.9', 'https://[2001:db8::1]', `https://example.com/${'x'.repeat(255)}`])(
  'TikTok would not take %s',
  (publicUrl) => {
    expect(webhookAddress(publicUrl)).toBeNull();
  },
);
