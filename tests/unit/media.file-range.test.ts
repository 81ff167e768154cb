import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { FileRange } from '../../media/file-range.ts';

const MIB = 1024 * 1024;
const BYTES = randomBytes(5 * MIB + 123);
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-range-'));
  path = join(folder, 'file');
  await writeFile(path, BYTES);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Looks at each part as late as may be, then gives it back. */
async function shaOf(range: FileRange, { release = true } = {}): Promise<{ sha: string; memory: number }> {
  const hash = createHash('sha256');
  const memory = new Set<ArrayBufferLike>();
  for await (const part of range as AsyncIterable<Buffer>) {
    memory.add(part.buffer);
    await turn();
    hash.update(part);
    if (release) range.release(part);
  }
  return { sha: hash.digest('hex'), memory: memory.size };
}

test.each([
  [0, BYTES.length - 1],
  [0, 0],
  [1, 2 * MIB],
  [MIB, 3 * MIB - 1],
  [4 * MIB + 7, BYTES.length - 1],
])('gives exactly the bytes %d to %d, with parts given back and without', async (first, last) => {
  const wanted = sha(BYTES.subarray(first, last + 1));
  expect((await shaOf(new FileRange(path, first, last))).sha).toBe(wanted);
  expect((await shaOf(new FileRange(path, first, last), { release: false })).sha).toBe(wanted);
});

test('reads into the same memory again once it was given back, and never before', async () => {
  expect((await shaOf(new FileRange(path, 0, BYTES.length - 1))).memory).toBeLessThan(6);
  expect((await shaOf(new FileRange(path, 0, BYTES.length - 1), { release: false })).memory).toBe(6);
});

test('a part that is given back twice, or that is not its own, is no memory to read into', async () => {
  const range = new FileRange(path, 0, BYTES.length - 1);
  const hash = createHash('sha256');
  const foreign = Buffer.alloc(MIB, 1);
  for await (const part of range as AsyncIterable<Buffer>) {
    hash.update(part);
    range.release(part);
    range.release(part);
    range.release(foreign);
  }
  expect(hash.digest('hex')).toBe(sha(BYTES));
  expect(foreign.every((byte) => byte === 1)).toBe(true);
});

test('ends where a file that was cut short ends, and fails where there is none', async () => {
  const cut = join(folder, 'cut');
  await writeFile(cut, BYTES);
  await truncate(cut, 10);
  expect((await shaOf(new FileRange(cut, 0, 100))).sha).toBe(sha(BYTES.subarray(0, 10)));
  await expect(shaOf(new FileRange(join(folder, 'none'), 0, 1))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('destroyed in the middle of a read it closes its file', async () => {
  const range = new FileRange(path, 0, BYTES.length - 1);
  range.resume();
  await new Promise((resolve) => range.once('data', resolve));
  const closed = new Promise((resolve) => range.once('close', resolve));
  range.destroy();
  await closed;
  expect(range.errored).toBeNull();
});
