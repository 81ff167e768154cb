import type pg from 'pg';
import { v5 as uuidV5 } from 'uuid';
import { createNotification } from '../../../db/notification.repository.ts';

/** A fixed name space of ours for ids of notifications about shops. */
const NOTICES = '0d1c7f4e-3a52-4a0b-8c5e-5f0e6f1f7b21';

/** Tells the workspace, once: a second time with the same key changes nothing. */
export async function notifyOnce(pool: Pick<pg.Pool, 'query'>, workspace_id: string, key: string, message: string): Promise<void> {
  await createNotification(pool, { workspace_id, action_id: uuidV5(key, NOTICES), livestream_id: null, message });
}
