import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv, type EnvError } from '../../config/env.ts';
import { storeOptions } from '../../config/social.ts';
import { createSigner } from '../../sandbox/stores/apple/signer.ts';
import { retryDelay } from '../../social/stores/store-http.ts';
import { createStores } from '../../social/stores/stores.ts';

let folder: string;
const write = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-options-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const faultsOf = (env: Record<string, string>, use: 'calls' | 'receipts'): string[] => {
  try {
    storeOptions(parseEnv(env), use);
    return [];
  } catch (error) {
    return (error as EnvError).faults;
  }
};

describe('The app stores', () => {
  test('are off where nothing is set', async () => {
    const options = storeOptions(parseEnv({}), 'calls');
    expect(options).toEqual({ apple: null, google: null });
    const stores = createStores(options);
    expect([stores.takes('apple'), stores.takes('google')]).toEqual([false, false]);
    expect(await stores.readAppleNotification('x')).toMatchObject({ ok: false });
    expect(await stores.readGoogleNotification(undefined, {})).toMatchObject({ ok: false });
    await stores.close();
  });

  test('are read from variables and files; keys only where stores are asked', async () => {
    const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const env = parseEnv({
      ...{ APPLE_BUNDLE_ID: 'com.example.app', APPLE_ENVIRONMENT: 'Sandbox', APPLE_ROOT_CERTIFICATES: await write('root.pem', createSigner().root.pem), APPLE_ISSUER_ID: 'i', APPLE_KEY_ID: 'k', APPLE_PRIVATE_KEY: await write('key.p8', pem) },
      ...{ GOOGLE_PLAY_PACKAGE: 'com.example.app', GOOGLE_SERVICE_ACCOUNT: await write('account.json', JSON.stringify({ client_email: 'a@b', private_key: rsa })) },
    });
    const asking = storeOptions(env, 'calls');
    expect(asking).toMatchObject({ apple: { url: 'https://api.storekit-sandbox.apple.com', key: { keyId: 'k', privateKey: pem } }, google: { account: { client_email: 'a@b' } } });
    const stores = createStores(asking);
    expect([stores.takes('apple'), stores.takes('google')]).toEqual([true, true]);
    await stores.close();
    expect(storeOptions(env, 'receipts')).toMatchObject({ apple: { key: null }, google: { account: null } });
  });

  test('that are set up by half are refused, each fault named', async () => {
    expect(faultsOf({ APPLE_BUNDLE_ID: 'a', GOOGLE_PLAY_PACKAGE: 'b' }, 'calls')).toEqual([
      'APPLE_ROOT_CERTIFICATES: is needed where APPLE_BUNDLE_ID is set',
      'APPLE_ISSUER_ID, APPLE_KEY_ID, APPLE_PRIVATE_KEY: are needed where APPLE_BUNDLE_ID is set',
      'GOOGLE_SERVICE_ACCOUNT: is needed where GOOGLE_PLAY_PACKAGE is set',
    ]);
    const [fault] = faultsOf({ GOOGLE_PLAY_PACKAGE: 'b', GOOGLE_SERVICE_ACCOUNT: await write('bad.json', '{"client_email":"a"}') }, 'calls');
    expect(fault).toContain('is no key file');
    expect(faultsOf({ APPLE_BUNDLE_ID: 'a', APPLE_ROOT_CERTIFICATES: join(folder, 'absent.pem') }, 'receipts')[0]).toContain('ENOENT');
  });
});

test.each([
  [undefined, null],
  ['soon', null],
  ['-1', null],
  ['3', 3_000],
  ['0', 0],
  ['1700000005000', 5_000],
  ['1600000000000', 0],
  ['99999', 3_600_000],
])('Retry-After %p is a pause of %p ms', (header, pause) => {
  expect(retryDelay(header, 1_700_000_000_000)).toBe(pause);
});
