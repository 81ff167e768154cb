import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { newId } from '../../db/ids.ts';
import { createS3Storage } from '../../media/s3-storage.ts';
import { fragmented, seedRecording, seedStream } from '../helpers/recordings.ts';
import { startS3Gateway, type S3Gateway } from '../helpers/s3-gateway.ts';
import { createVodWorld, type VodWorld } from '../helpers/vod-world.ts';

jest.setTimeout(300_000);

let gateway: S3Gateway;
let world: VodWorld;
beforeAll(async () => {
  [gateway, world] = await Promise.all([startS3Gateway(), createVodWorld()]);
});
afterAll(async () => {
  await world.close();
  await gateway.close();
});

test('A recording in S3 is joined there; who has its signed URL reads it by ranges, and nobody without', async () => {
  const storage = createS3Storage(gateway.options);
  await world.worker({ storage });
  const stream_id = await seedStream(world.database.db, world.owner);
  await seedRecording(world.database.db, storage, stream_id, [{ ...(await fragmented({ seconds: 3 })), started_at: new Date('2026-03-14T18:00:00Z') }]);
  const vod = await world.ingest({ vod_id: newId(), source: 'recording', stream_id });
  expect(vod).toMatchObject({ status: 'ready', segments_total: 3 });

  const url = await storage.presign!(vod.storage_key!, 60);
  const answer = await fetch(url, { headers: { range: 'bytes=4-7' } });
  expect([answer.status, await answer.text()]).toEqual([206, 'ftyp']);
  const { origin, pathname } = new URL(url);
  expect((await fetch(origin + pathname)).status).toBe(403);
});
