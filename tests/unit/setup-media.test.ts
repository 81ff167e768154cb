import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cachedWorkerBinary, MEDIASOUP_VERSION } from '../../config/mediasoup-worker.ts';
import { cachedBinary, type Source } from '../../scripts/binaries/cached-binary.ts';
import { run } from '../../scripts/binaries/run.ts';
import { installCommand, notInstalled } from '../../scripts/media/debian-packages.ts';
import { prebuiltName } from '../../scripts/media/prebuilt-worker.ts';
import { compilersAtOnce } from '../../scripts/media/worker-binary.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GIB = 1024 ** 3;

test('the worker that is got is of the version that is installed', () => {
  const { dependencies, allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: Record<string, string>; allowScripts: Record<string, boolean> };
  expect(dependencies.mediasoup).toBe(MEDIASOUP_VERSION);
  // Its install script would download at npm ci.
  expect(allowScripts.mediasoup).toBe(false);
  expect(cachedWorkerBinary('/home/me/.cache')).toBe(`/home/me/.cache/showrunner/mediasoup/${MEDIASOUP_VERSION}/mediasoup-worker`);
});

test.each([
  [{ platform: 'linux', arch: 'x64', release: '6.1.0-18-amd64', glibc: '2.36' }, `mediasoup-worker-${MEDIASOUP_VERSION}-linux-x64-kernel6.tgz`],
  [{ platform: 'linux', arch: 'arm64', release: '5.15.0', glibc: '2.31' }, `mediasoup-worker-${MEDIASOUP_VERSION}-linux-arm64-kernel5.tgz`],
  [{ platform: 'linux', arch: 'x64', release: '6.1.0', glibc: undefined }, null],
  [{ platform: 'darwin', arch: 'arm64', release: '23.1.0', glibc: undefined }, `mediasoup-worker-${MEDIASOUP_VERSION}-darwin-arm64.tgz`],
])('the prebuilt worker for %j is %s', (machine, name) => {
  expect(prebuiltName(machine)).toBe(name);
});

test.each([
  [8, 32 * GIB, 8],
  [8, 4 * GIB, 3],
  [2, GIB / 2, 1],
])('%d cores and %d free bytes run %d compilers', (cores, free, jobs) => {
  expect(compilersAtOnce(cores, free)).toBe(jobs);
});

test('a package counts as installed only when it is whole', () => {
  const listing = 'g++ installed\nmeson config-files\nninja-build installed\n';
  expect(notInstalled(['g++', 'meson', 'ninja-build', 'libuv1-dev'], listing)).toEqual(['meson', 'libuv1-dev']);
});

test('who may not install is told the whole command', () => {
  expect(installCommand(['ffmpeg', 'g++'], 'person')).toBe("sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ffmpeg g++'");
  expect(installCommand(['ffmpeg'], 'root')).not.toContain('sudo');
});

describe('a binary in the cache', () => {
  let folder: string;
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'showrunner-cache-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const failing = (name: string): Source => ({ name, get: () => Promise.reject(new Error(`${name} is not to be had`)) });
  const making = (text: string, calls: string[]): Source => ({
    name: 'making',
    async get(work) {
      calls.push(work);
      // Gives the other one time to come to the lock.
      await new Promise((resolve) => setImmediate(resolve));
      const path = join(work, 'it');
      writeFileSync(path, text);
      chmodSync(path, 0o755);
      return path;
    },
  });

  test('is got once by those who ask at the same time, from the first source that has it', async () => {
    const path = join(folder, 'bin', 'tool');
    const calls: string[] = [];
    const options = { path, name: 'Tool', sources: [failing('download'), making('#!/bin/sh\n', calls)], say };
    expect(await Promise.all([cachedBinary(options), cachedBinary(options)])).toEqual([path, path]);
    expect(calls).toHaveLength(1);
    expect(readdirSync(join(folder, 'bin'))).toEqual(['tool']);
    expect(said.join('\n')).toContain('another process is getting it');
  });

  test('is not there, whole or in part, when no source has it; the reason names each', async () => {
    const path = join(folder, 'none', 'tool');
    const broken: Source = {
      name: 'build',
      get(work) {
        writeFileSync(join(work, 'half'), 'half');
        return Promise.reject(new Error('the compiler broke off'));
      },
    };
    const got = cachedBinary({ path, name: 'Tool', sources: [failing('download'), broken], say });
    await expect(got).rejects.toThrow(/download: download is not to be had[^]*build: the compiler broke off/);
    expect(readdirSync(join(folder, 'none'))).toEqual([]);
  });

  test('is got by the next one when the one that was at it was killed', async () => {
    const path = join(folder, 'left', 'tool');
    await cachedBinary({ path, name: 'Tool', sources: [making('', [])], say });
    rmSync(path);
    writeFileSync(`${path}.lock`, String(2 ** 22 + 1));
    expect(await cachedBinary({ path, name: 'Tool', sources: [making('', [])], say })).toBe(path);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test.each([
    ['its last words when it fails', 'sh', ['-c', 'echo first; echo the reason >&2; exit 3'], 10_000, /^the reason$/],
    ['that it took too long, with its children', 'sh', ['-c', 'sleep 60 & wait'], 300, /not done after 0.3 s/],
    ['that it is not there', 'no-such-command', [], 1_000, /no-such-command is not installed/],
  ])('comes from a command that tells %s', async (_, command, args, timeoutMs, reason) => {
    await expect(run(command, args, { env: process.env, timeoutMs, progress: '', say })).rejects.toThrow(reason);
  });
});
