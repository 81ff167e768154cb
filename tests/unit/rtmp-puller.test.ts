import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readToken } from '../../db/signed-token.ts';
import type { LiveSession, PublishGrant, SessionBook } from '../../media/live-session.ts';
import { createPuller, type PullerOptions } from '../../media/rtmp/puller.ts';
import { signPullToken } from '../../workers/media/pull-token.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const ID = '0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10';
const SECRET = 'j'.repeat(32);
const request = { stream_id: ID, grant: { stream_id: ID } as PublishGrant, request_id: null };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'puller-'));
  // It notes what it is asked, repeats it in its last words as ffmpeg may, and fetches nothing.
  await writeFile(join(folder, 'ffmpeg'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/asked'\necho "$@" | tr ' ' '\\n' >&2\nexit 1\n`);
  await chmod(join(folder, 'ffmpeg'), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const heldSession = (kind: LiveSession['kind'], ends: unknown[]): LiveSession => ({ id: 'held', kind, end: (...end: unknown[]) => void ends.push(end) }) as unknown as LiveSession;
const pullerOf = (held: LiveSession | null, over: Partial<PullerOptions> = {}) =>
  createPuller({
    sessions: { ofStream: () => held } as unknown as SessionBook,
    ffmpeg: join(folder, 'ffmpeg'),
    pullUrl: 'rtmp://nginx-rtmp:1935/live/',
    playToken: (streamId) => signPullToken(streamId, SECRET),
    endInTable: () => Promise.resolve(null),
    onTrouble: () => undefined,
    logger: quietLog as never,
    ...over,
  });
const asked = async (): Promise<string[]> => (await readFile(join(folder, 'asked'), 'utf8')).split('\n');

describe('A stream that is fetched', () => {
  test('is asked for with a play token of its own, which no words of ffmpeg give away', async () => {
    const fault: unknown = await pullerOf(null)
      .pull(request)
      .catch((error: unknown) => error);
    const args = await asked();
    const playpath = args[args.indexOf('-rtmp_playpath') + 1]!;
    const [name, token = ''] = playpath.split('?token=');
    expect([name, await readToken('play', token, SECRET)]).toEqual([ID, expect.objectContaining({ ok: true, subject: ID })]);
    // What is longer nginx-rtmp cuts off.
    expect(playpath.length).toBeLessThanOrEqual(255);
    expect(args[args.indexOf('-i') + 1]).toBe(`rtmp://nginx-rtmp:1935/live/${ID}`);
    expect(fault).toMatchObject({ code: 'stream_not_live', detail: expect.stringContaining(`${ID}?token=***`) });
    expect(JSON.stringify([fault, (fault as Error).message, (fault as Error).stack])).not.toContain(token.split('.')[2]);
  });

  test('is fetched once while its session goes on', async () => {
    const ends: unknown[] = [];
    const held = heldSession('rtmp_pull', ends);
    expect([await pullerOf(held).pull(request), ends]).toEqual([held, []]);
  });

  test('is fetched anew where the table has ended the session that is still held', async () => {
    const ends: unknown[] = [];
    const puller = pullerOf(heldSession('rtmp_pull', ends), { endInTable: (id) => Promise.resolve(id === 'held' ? { reason: 'closed', detail: 'left' } : null) });
    // It goes on to ffmpeg, which finds nothing.
    await expect(puller.pull(request)).rejects.toMatchObject({ code: 'stream_not_live' });
    expect(ends).toEqual([['closed', 'left']]);
  });
});
