import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { signBase, type SignedRequest } from '../../domain/shop/sign-base.ts';
import { signRequest } from '../../tiktok/shop/sign.ts';
import { isSignedWebhook, signWebhook } from '../../tiktok/shop/webhook-signature.ts';

interface Vectors {
  request_vectors: { name: string; path: string; query: { [name: string]: string }; content_type: string | null; body: string; secret: string; base_string: string; expected_sign: string }[];
  webhook_vectors: { name: string; app_key: string; app_secret: string; raw_body: string; authorization_header: string }[];
}
const vectors = JSON.parse(readFileSync(new URL('../fixtures/shop-sign-vectors.json', import.meta.url), 'utf8')) as Vectors;

const request = (change: Partial<SignedRequest> = {}): SignedRequest => ({
  path: '/order/202309/orders/search',
  query: [
    ['app_key', '29a39d'],
    ['timestamp', '1623812664'],
  ],
  body: '{}',
  content_type: 'application/json',
  ...change,
});
const queries = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string()), { selector: ([name]) => name, maxLength: 8 });

describe('The signature of a request', () => {
  test.each(vectors.request_vectors)('is as published: $name', ({ path, query, content_type, body, secret, base_string, expected_sign }) => {
    const signed = { path, query: Object.entries(query), content_type, body };
    expect(signBase(signed)).toBe(base_string);
    expect(signRequest(signed, secret)).toBe(expected_sign);
  });

  test('does not depend on the order of the parameters', () => {
    fc.assert(
      fc.property(queries.chain((query) => fc.tuple(fc.constant(query), fc.shuffledSubarray(query, { minLength: query.length }))), ([query, shuffled]) => {
        expect(signRequest(request({ query: shuffled }), 'secret')).toBe(signRequest(request({ query }), 'secret'));
      }),
    );
  });

  test('does not depend on the token or on itself, wherever they stand', () => {
    fc.assert(
      fc.property(queries, fc.string(), fc.string(), fc.nat(8), (query, token, sign, at) => {
        const others = query.filter(([name]) => name !== 'sign' && name !== 'access_token');
        const withBoth = others.toSpliced(at, 0, ['access_token', token], ['sign', sign]);
        expect(signBase(request({ query: withBoth }))).toBe(signBase(request({ query: others })));
      }),
    );
  });

  test('depends on every byte of the body and on every other parameter', () => {
    const base = signRequest(request(), 'secret');
    for (const body of ['', '{ }', '{}\n']) expect(signRequest(request({ body }), 'secret')).not.toBe(base);
    expect(signRequest(request({ query: [...request().query, ['shop_id', '']] }), 'secret')).not.toBe(base);
    expect(signRequest(request({ path: '/order/202309/orders' }), 'secret')).not.toBe(base);
    expect(signRequest(request(), 'Secret')).not.toBe(base);
  });

  test('sorts by code point: capitals and underscores before small letters, and no UTF-16 order', () => {
    const query = ['b', 'a_b', 'aB', 'ab', '\u{1f600}', '\uff5e', 'B', 'a'].map((name) => [name, '='] as const);
    expect(signBase(request({ path: '/', query, body: null }))).toBe('/B=a=aB=a_b=ab=b=\uff5e=\u{1f600}=');
  });

  test('takes the first of a repeated parameter, decoded values and the body of {} as it is', () => {
    const query = [['ids', 'a,b'], ['ids', 'c'], ['page_token', 'a/+=']] as const;
    expect(signBase(request({ path: '/p', query }))).toBe('/pidsa,bpage_tokena/+={}');
  });

  test.each(['multipart/form-data', 'multipart/form-data; boundary=x', 'Multipart/Form-Data;boundary=x'])('leaves out the body of %s', (content_type) => {
    expect(signBase(request({ path: '/p', query: [], content_type }))).toBe('/p');
  });

  test('counts bytes of UTF-8, not their \\u escapes', () => {
    expect(signRequest(request({ body: '{"note":"ü"}' }), 'secret')).not.toBe(signRequest(request({ body: '{"note":"\\u00fc"}' }), 'secret'));
  });
});

describe('The signature of a webhook', () => {
  test.each(vectors.webhook_vectors)('is as published: $name', ({ app_key, app_secret, raw_body, authorization_header }) => {
    expect(signWebhook(raw_body, { app_key, app_secret })).toBe(authorization_header);
    expect(isSignedWebhook(authorization_header, Buffer.from(raw_body), { app_key, app_secret })).toBe(true);
  });

  test.each(vectors.webhook_vectors)('is refused where anything differs: $name', ({ app_key, app_secret, raw_body, authorization_header: good }) => {
    const app = { app_key, app_secret };
    for (const bad of [null, undefined, '', good.toUpperCase(), good.slice(1), `${good}0`, `Bearer ${good}`, ` ${good}`, 'ü'.repeat(64), '0'.repeat(64)])
      expect(isSignedWebhook(bad, raw_body, app)).toBe(false);
    expect(isSignedWebhook(good, `${raw_body} `, app)).toBe(false);
    expect(isSignedWebhook(good, raw_body, { ...app, app_key: 'abcdeg' })).toBe(false);
    expect(isSignedWebhook(good, raw_body, { ...app, app_secret: '124' })).toBe(false);
  });

  test('holds for bytes that are no UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (bytes, at) => {
        const app = { app_key: 'k', app_secret: 's' };
        const header = signWebhook(bytes, app);
        const changed = Uint8Array.from(bytes, (byte, index) => (index === at % bytes.length ? byte ^ 1 : byte));
        expect([isSignedWebhook(header, bytes, app), isSignedWebhook(header, changed, app)]).toEqual([true, false]);
      }),
    );
  });
});
