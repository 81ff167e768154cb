import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalStorage } from '../../media/local-storage.ts';
import { createS3Storage } from '../../media/s3-storage.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { eventually } from '../helpers/eventually.ts';
import { startS3Gateway, type S3Gateway } from '../helpers/s3-gateway.ts';
import { startS3Server, type S3Server } from '../helpers/s3-server.ts';

const MIB = 1024 * 1024;
let folder: string;
let s3: S3Server;
let gateway: S3Gateway;
const storages: Record<string, MediaStorage> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showrunner-storage-'));
  s3 = await startS3Server();
  gateway = await startS3Gateway();
  storages['the local disk'] = createLocalStorage(folder);
  storages.S3 = createS3Storage({
    bucket: 'media',
    region: 'us-east-1',
    endpoint: s3.url,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
  });
  storages['a real S3 server'] = createS3Storage(gateway.options);
}, 300_000);
afterAll(async () => {
  await s3.close();
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const inPieces = (bytes: Buffer): Readable =>
  Readable.from((function* () {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
  })());

async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Uploads in parts that were neither completed nor aborted. */
async function unfinishedAt({ options, bucket }: S3Gateway): Promise<unknown[]> {
  const client = new S3Client({ region: options.region, endpoint: options.endpoint!, forcePathStyle: true, credentials: options.credentials! });
  try {
    return (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
  } finally {
    client.destroy();
  }
}

describe.each(['the local disk', 'S3', 'a real S3 server'])('Media on %s', (name) => {
  test('a source that is not there is refused, and harms nobody', async () => {
    const put = storages[name]!.put('media/nothing', createReadStream(join(folder, 'there is no such file')), MIB);
    await expect(put).rejects.toThrow('no such file');
    const broken = new Readable({ read: () => undefined });
    // Before the next turn of the loop, in which the storage can be done with anything.
    broken.destroy(new Error('broken at once'));
    await expect(storages[name]!.put('media/nothing', broken, MIB)).rejects.toThrow(/broken at once|[Pp]remature/);
    expect(await storages[name]!.stat('media/nothing')).toBeNull();
  });

  const storage = (): MediaStorage => storages[name]!;

  test.each([1, MIB, 21 * MIB])('of %d bytes come back as they were, whole and in ranges', async (size) => {
    const bytes = randomBytes(size);
    const stored = await storage().put(`w/${size}`, inPieces(bytes), 100 * MIB);
    expect(stored).toMatchObject({ size_bytes: size, sha256: createHash('sha256').update(bytes).digest('hex') });
    expect(await storage().stat(`w/${size}`)).toEqual({ size_bytes: size, version: stored.version });
    expect((await bytesOf(await storage().read(`w/${size}`, 0, size - 1))).equals(bytes)).toBe(true);
    const [first, last] = [size >> 2, size >> 1];
    expect((await bytesOf(await storage().read(`w/${size}`, first, last))).equals(bytes.subarray(first, last + 1))).toBe(true);
    const local = await storage().localPath(`w/${size}`);
    expect((await readFile(local.path)).equals(bytes)).toBe(true);
    await local.close();
  });

  test('that are too large are refused, and nothing of them stays', async () => {
    await expect(storage().put('w/large', inPieces(randomBytes(12 * MIB)), 11 * MIB)).rejects.toMatchObject({ code: 'media_too_large' });
    expect(await storage().stat('w/large')).toBeNull();
  });

  test('whose sender goes away leave nothing', async () => {
    const broken = Readable.from((function* () {
      yield randomBytes(9 * MIB);
      throw new Error('the sender went away');
    })());
    await expect(storage().put('w/broken', broken, 100 * MIB)).rejects.toThrow('the sender went away');
    expect(await storage().stat('w/broken')).toBeNull();
    expect(s3.unfinished.size).toBe(0);
    expect(await unfinishedAt(gateway)).toEqual([]);
    expect((await readdir(join(folder, 'w'))).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  test('whose putting is broken off in the middle leave nothing', async () => {
    const abort = new AbortController();
    const source = Readable.from((async function* () {
      yield randomBytes(9 * MIB);
      await once(abort.signal, 'abort');
      yield randomBytes(9 * MIB);
    })());
    const done = storage().put('w/cut', source, 100 * MIB, abort.signal);
    await eventually(() => source.readableFlowing);
    abort.abort();
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
    await expect(storage().put('w/cut', inPieces(randomBytes(10)), MIB, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(await storage().stat('w/cut')).toBeNull();
    expect(s3.unfinished.size).toBe(0);
    expect(await unfinishedAt(gateway)).toEqual([]);
    expect((await readdir(join(folder, 'w'))).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  test('have another version once their bytes are others', async () => {
    const before = await storage().put('w/version', Readable.from([Buffer.from('one')]), MIB);
    const after = await storage().put('w/version', Readable.from([Buffer.from('two')]), MIB);
    expect(after.version).not.toBe(before.version);
  });

  test('that are not there are missing by name, and deleting them changes nothing', async () => {
    expect(await storage().stat('w/none')).toBeNull();
    await expect(storage().read('w/none', 0, 1)).rejects.toMatchObject({ code: 'media_missing' });
    await expect(storage().localPath('w/none')).rejects.toMatchObject({ code: 'media_missing' });
    await storage().delete('w/none');
    await storage().put('w/short', Readable.from([Buffer.from('x')]), MIB);
    await storage().delete('w/short');
    expect(await storage().stat('w/short')).toBeNull();
  });
});

test('A key can not leave the folder', () => {
  expect(() => storages['the local disk']!.stat('../outside')).toThrow('Not a storage key');
});

test('A stored file belongs to this user alone and can not be written', async () => {
  await storages['the local disk']!.put('w/mode', Readable.from([Buffer.from('x')]), MIB);
  expect((await stat(join(folder, 'w/mode'))).mode & 0o777).toBe(0o400);
});

test('S3 that fails for a moment is asked again', async () => {
  s3.fail('PUT', 1);
  await storages.S3!.put('w/again', Readable.from([Buffer.from('x')]), MIB);
  expect(s3.objects.get('w/again')?.toString()).toBe('x');
});

test('S3 that has all of it and does not answer is not waited for by who breaks it off', async () => {
  let asked = 0;
  const silent = createServer(() => void (asked += 1)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    const storage = createS3Storage({ bucket: 'media', region: 'us-east-1', endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } });
    const abort = new AbortController();
    const source = Readable.from([Buffer.from('x')]);
    const done = storage.put('w/silent', source, MIB, abort.signal);
    await eventually(() => asked > 0 && source.readableEnded);
    abort.abort();
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

test('A real S3 server that was away has all that was stored, on the same address', async () => {
  const storage = storages['a real S3 server']!;
  await storage.put('w/kept', Readable.from([Buffer.from('kept')]), MIB);
  await gateway.stop();
  await expect(storage.stat('w/kept')).rejects.toThrow('ECONNREFUSED');
  await gateway.start();
  expect((await bytesOf(await storage.read('w/kept', 0, 3))).toString()).toBe('kept');
});
