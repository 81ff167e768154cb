import { describe, expect, test } from '@jest/globals';
import { Environment, SignedDataVerifier } from '@apple/app-store-server-library';
import { X509Certificate } from 'node:crypto';
import { FORGERIES, createSigner } from '../../sandbox/stores/apple/signer.ts';
import { hasExtension } from '../../social/stores/apple/extensions.ts';
import { createSignedDataReader, NotSigned } from '../../social/stores/apple/signed-data.ts';
import { readTransaction } from '../../social/stores/apple/transaction.ts';

const signer = createSigner();
const root = new X509Certificate(signer.root.der);
const read = createSignedDataReader([root]);
/** Apple's own library: both our reader and our sandbox are held against it. */
const apples = new SignedDataVerifier([signer.root.der], false, Environment.SANDBOX, 'com.example.app');
const app = { bundleId: 'com.example.app', environment: 'Sandbox' } as const;

const DAY_MS = 86_400_000;
const payload = (over: object = {}) => ({
  transactionId: '2000000000000001',
  originalTransactionId: '2000000000000001',
  bundleId: 'com.example.app',
  productId: 'coins_100',
  purchaseDate: Date.now(),
  originalPurchaseDate: Date.now(),
  quantity: 1,
  type: 'Consumable',
  inAppOwnershipType: 'PURCHASED',
  environment: 'Sandbox',
  signedDate: Date.now(),
  ...over,
});
const verdicts = async (jws: string) => [await apples.verifyAndDecodeTransaction(jws).then(() => 'good', () => 'bad'), await readTransaction(read, app, jws, 'signed').then(() => 'good', (error: unknown) => (error instanceof NotSigned ? 'bad' : error))];

describe('Signed data', () => {
  test('that the sandbox signs is good for Apple’s library and for ours', async () => {
    expect(await verdicts(signer.sign(payload()))).toEqual(['good', 'good']);
    expect(await readTransaction(read, app, signer.sign(payload({ quantity: 3, appAccountToken: '0190A1B2-0000-7000-8000-000000000002' })), 'now')).toEqual({
      transaction_id: '2000000000000001',
      account: '0190a1b2-0000-7000-8000-000000000002',
      bought: { kind: 'bought', product_id: 'coins_100', quantity: 3, refunded: 0, is_test: true },
    });
  });

  test.each(FORGERIES)('that is forged is bad for both: %s', async (forgery) => {
    expect(await verdicts(signer.sign(payload(), forgery))).toEqual(['bad', 'bad']);
  });

  test.each([
    ['another app', { bundleId: 'com.example.other' }],
    ['another environment', { environment: 'Production' }],
  ])('of %s is bad for both', async (_, over) => {
    expect(await verdicts(signer.sign(payload(over)))).toEqual(['bad', 'bad']);
  });

  test('with parts taken from elsewhere is bad for both', async () => {
    const [good, other] = [signer.sign(payload()).split('.'), createSigner().sign(payload()).split('.')];
    const header = JSON.parse(Buffer.from(good[0]!, 'base64url').toString()) as { x5c: string[] };
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const swapped = [
      [other[0], good[1], good[2]],
      [good[0], good[1], other[2]],
      [good[0], other[1], good[2]],
      [encoded({ ...header, x5c: header.x5c.slice(0, 2) }), good[1], good[2]],
      [encoded({ ...header, x5c: [...header.x5c, header.x5c[2]] }), good[1], good[2]],
      [encoded({ ...header, x5c: header.x5c.toReversed() }), good[1], good[2]],
      [encoded({ ...header, x5c: ['AAAA', 'AAAA', 'AAAA'] }), good[1], good[2]],
      [encoded({ ...header, alg: 'HS256' }), good[1], good[2]],
      [encoded({ alg: 'ES256' }), good[1], good[2]],
    ];
    for (const parts of swapped) expect(await verdicts(parts.join('.'))).toEqual(['bad', 'bad']);
  });

  test.each(['', 'x', 'a.b.c', `${'A'.repeat(10_000)}.e30.x`, `e30.${Buffer.from('[]').toString('base64url')}.x`])('that is none is refused: %#', async (text) => {
    await expect(read(text, 'signed')).rejects.toThrow(NotSigned);
    await expect(read(text, 'now')).rejects.toThrow(NotSigned);
  });

  test('is not believed from the future, nor without its time', async () => {
    await expect(read(signer.sign(payload({ signedDate: Date.now() + DAY_MS })), 'signed')).rejects.toThrow('in the future');
    await expect(read(signer.sign(payload({ signedDate: 'now' })), 'signed')).rejects.toThrow('when it was signed');
  });

  test('outlives its certificates where it is a receipt, and only there', async () => {
    const later = createSignedDataReader([root], () => Date.now() + 20 * 365 * DAY_MS);
    const jws = signer.sign(payload());
    expect(await later(jws, 'signed')).toMatchObject({ productId: 'coins_100' });
    await expect(later(jws, 'now')).rejects.toThrow('was not valid then');
  });

  test.each([
    ['nothing', {}, 0],
    ['all', { revocationDate: 1 }, 1],
    ['a part', { revocationDate: 1, revocationPercentage: 33_333 }, 0.33333],
    ['all, in percent', { revocationDate: 1, revocationPercentage: 100_000 }, 1],
  ])('tells what was refunded: %s', async (_, over, refunded) => {
    expect((await readTransaction(read, app, signer.sign(payload(over)), 'now')).bought.refunded).toBe(refunded);
  });
});

test('An extension is found by its OID, and no other', () => {
  expect(['2.5.29.19', '2.5.29.15', '1.2.840.113635.100.6.2.1', '2.5.29.1'].map((oid) => hasExtension(root.raw, oid))).toEqual([true, true, false, false]);
  for (let length = 1; length < root.raw.length; length += 7) expect(() => hasExtension(root.raw.subarray(0, length), '2.5.29.19')).toThrow();
});
