import { sql } from 'kysely';
import type { Platform } from '../domain/contracts/social.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Row } from './schema.ts';

export type AppDevice = Row<'app_devices'>;

/** More are hardly one person's; those that spoke last stay. */
const DEVICES_PER_USER = 20;

export interface AppDeviceDraft {
  user_id: string;
  device_token: string;
  platform: Platform;
  app_version: string;
}

/** A device is whose app says its token last: a phone that somebody else signs in on tells the one before nothing more. */
export const saveAppDevice = (db: Db, draft: AppDeviceDraft): Promise<AppDevice> =>
  db.transaction().execute(async (trx) => {
    const now = new Date();
    const device = await trx
      .insertInto('app_devices')
      .values({ id: newId(), ...draft, seen_at: now, gone_at: null })
      .onConflict((conflict) =>
        conflict.column('device_token').doUpdateSet({ user_id: draft.user_id, platform: draft.platform, app_version: draft.app_version, seen_at: now, gone_at: null }),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    await sql`delete from app_devices where user_id = ${draft.user_id} and id <> ${device.id} and id not in (
      select id from app_devices where user_id = ${draft.user_id} and id <> ${device.id} order by seen_at desc, id desc limit ${DEVICES_PER_USER - 1})`.execute(trx);
    return device;
  });

/** @returns whether it was theirs */
export async function removeAppDevice(db: Db, userId: string, deviceToken: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('app_devices').where('user_id', '=', userId).where('device_token', '=', deviceToken).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Its push service knows the token no more. What its app has said since then holds. @param askedAt when it was pushed to */
export const appDeviceIsGone = (db: Db, { id, device_token }: Pick<AppDevice, 'id' | 'device_token'>, askedAt: Date): Promise<unknown> =>
  db.updateTable('app_devices').set({ gone_at: new Date() }).where('id', '=', id).where('device_token', '=', device_token).where('seen_at', '<=', askedAt).where('gone_at', 'is', null).execute();
