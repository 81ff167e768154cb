import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { AccountDeps } from '../../activities/social/accounts/account-deps.ts';
import { createWriteExport } from '../../activities/social/accounts/write-export.ts';
import { putVideo } from '../../activities/streaming/vods/put-video.ts';
import { newId } from '../../db/ids.ts';
import { createLocalStorage } from '../../media/local-storage.ts';
import type { MediaStorage } from '../../media/storage.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { appUser } from '../helpers/social.ts';
import { createTestApi, type TestApi } from '../helpers/test-api.ts';

jest.setTimeout(60_000);

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await createTestApi();
  folder = await mkdtemp(join(tmpdir(), 'showrunner-cancel-'));
  await writeFile(join(folder, 'video.mp4'), Buffer.alloc(1024 * 1024));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** A storage that takes the first bytes and then no more, until it is broken off. */
function stuck(): { storage: MediaStorage; isStuck: () => boolean; hasRead: () => boolean } {
  let begun = false;
  let from: Readable | null = null;
  const never = new Writable({ write: () => void (begun = true) });
  const put: MediaStorage['put'] = async (_key, source, _maxBytes, signal) => {
    from = source;
    await pipeline(source, never, { signal });
    throw new Error('it took all of it');
  };
  return { storage: { put } as unknown as MediaStorage, isStuck: () => begun, hasRead: () => from?.readableEnded ?? false };
}

describe('Cancelled, as by a worker that stops,', () => {
  const put = (storage: MediaStorage, signal: AbortSignal) => {
    const made = { vod_id: newId(), path: join(folder, 'video.mp4'), inspected: { probe: {}, video: null, audio: null, parameters: '' }, timeline: { stretches: [], gaps: [], segments_total: 0, segments_lost: 0 } };
    return putVideo({ db: api.deps.db, storage }, { ffmpeg: 'ffmpeg', ffprobe: 'ffprobe', signal }, folder, made as unknown as Parameters<typeof putVideo>[3]);
  };

  test('a video on its way into storage breaks off', async () => {
    const { storage, isStuck } = stuck();
    const abort = new AbortController();
    const done = put(storage, abort.signal);
    await eventually(isStuck);
    abort.abort();
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('it does so before storage has begun to read, and nothing is kept', async () => {
    const root = join(folder, 'media');
    const local = createLocalStorage(root);
    const abort = new AbortController();
    const storage: MediaStorage = {
      ...local,
      put(...args) {
        const done = local.put(...args);
        abort.abort();
        return done;
      },
    };
    await expect(put(storage, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect((await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())).toEqual([]);
  });

  test('an export breaks off, also where all of it was read and the storage does not answer', async () => {
    const { storage, hasRead } = stuck();
    const user = await appUser(api);
    const worker = new MockActivityEnvironment();
    const deps = { db: api.deps.db, storage, logger: quietLog } as unknown as AccountDeps;
    const done = worker.run(createWriteExport(deps).writeExport, { export_id: newId(), user_id: user.id, workspace_id: user.row.workspace_id });
    await eventually(hasRead);
    worker.cancel('WORKER_SHUTDOWN');
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
  });
});
