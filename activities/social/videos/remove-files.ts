import type { Db } from '../../../db/client.ts';
import { originalSoundId } from '../../../db/video-life.repository.ts';
import { forgetFiles } from '../../../db/video.repository.ts';
import { soundKey, videoKeys } from '../../../domain/contracts/video.ts';
import type { MediaStorage } from '../../../media/storage.ts';

/** Removes everything that was ever stored of a video; its sound only where no catalogue has it. */
export async function removeFiles({ db, storage }: { db: Db; storage: MediaStorage }, videoId: string): Promise<void> {
  const soundId = originalSoundId(videoId);
  const sound = await db.selectFrom('sounds').select('id').where('id', '=', soundId).executeTakeFirst();
  for (const key of [...videoKeys(videoId), ...(sound ? [] : [soundKey(soundId)])]) await storage.delete(key);
  await forgetFiles(db, videoId);
}
