import { sql, type Transaction } from 'kysely';
import type { ChannelState } from '../domain/contracts/channel.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, Row } from './schema.ts';

export type ChannelRow = Row<'channels'>;

export const findChannel = (db: Db | Transaction<Database>, workspaceId: string, channelId: string): Promise<ChannelRow | undefined> =>
  db.selectFrom('channels').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', channelId).executeTakeFirst();

/** For work on a channel that was checked to be the workspace's. */
export const findChannelById = (db: Db | Transaction<Database>, channelId: string): Promise<ChannelRow | undefined> =>
  db.selectFrom('channels').selectAll().where('id', '=', channelId).executeTakeFirst();

/** Of all workspaces, without disconnected ones: at most one has a shop. */
export const findChannelsByShop = (db: Db, shopId: string): Promise<ChannelRow[]> =>
  db.selectFrom('channels').selectAll().where('shop_id', '=', shopId).where('state', '<>', 'disconnected').execute();

/** The channel that has been connected for longest and can be asked now. */
export const findUsableChannel = (db: Db, workspaceId: string): Promise<ChannelRow | undefined> =>
  db.selectFrom('channels').selectAll().where('workspace_id', '=', workspaceId).where('state', '=', 'active').orderBy('id').limit(1).executeTakeFirst();

/** Oldest first. */
export const listAuthorizationChannels = (db: Db | Transaction<Database>, authorizationId: string): Promise<ChannelRow[]> =>
  db.selectFrom('channels').selectAll().where('authorization_id', '=', authorizationId).orderBy('id').execute();

export interface ChannelQuery {
  workspace_id: string;
  state?: readonly ChannelState[] | undefined;
  before?: string | undefined;
  limit: number;
}

/** Newest first. */
export const listChannels = (db: Db, { workspace_id, state, before, limit }: ChannelQuery): Promise<ChannelRow[]> =>
  db
    .selectFrom('channels')
    .selectAll()
    .where('workspace_id', '=', workspace_id)
    .$if(state !== undefined, (query) => query.where('state', 'in', state ?? []))
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();

export interface NewChannel {
  workspace_id: string;
  authorization_id: string;
  shop_id: string;
  /** Sealed. */
  shop_cipher: string;
  name: string;
  region: string;
  seller_type: string | null;
  code: string | null;
}

/**
 * Makes the shop a channel of the workspace, or brings the one it has there to life again with its id and history.
 * @returns null where another workspace has the shop
 */
export async function connectChannel(db: Db | Transaction<Database>, channel: NewChannel): Promise<ChannelRow | null> {
  try {
    return await db
      .insertInto('channels')
      .values({ ...channel, id: newId(), state: 'active' })
      .onConflict((conflict) =>
        conflict.columns(['workspace_id', 'shop_id']).doUpdateSet({
          authorization_id: (eb) => eb.ref('excluded.authorization_id'),
          shop_cipher: (eb) => eb.ref('excluded.shop_cipher'),
          name: (eb) => eb.ref('excluded.name'),
          region: (eb) => eb.ref('excluded.region'),
          seller_type: (eb) => eb.ref('excluded.seller_type'),
          code: (eb) => eb.ref('excluded.code'),
          state: 'active',
          state_code: null,
          state_reason: null,
          paused_at: null,
          disconnected_at: null,
          connected_at: sql<Date>`now()`,
          updated_at: sql<Date>`now()`,
        }),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
  } catch (error) {
    if (isTaken(error)) return null;
    throw error;
  }
}

/** Pauses what is active of an authorization. @returns the channels that are paused now, those that were before among them */
export async function pauseChannels(trx: Transaction<Database>, authorizationId: string, { shop_ids, code, reason }: PauseReason): Promise<ChannelRow[]> {
  await trx
    .updateTable('channels')
    .set({ state: 'paused', state_code: code, state_reason: reason, paused_at: sql<Date>`now()`, updated_at: sql<Date>`now()` })
    .where('authorization_id', '=', authorizationId)
    .where('state', '=', 'active')
    .$if(shop_ids !== null, (query) => query.where('shop_id', 'in', shop_ids ?? []))
    .execute();
  return trx
    .selectFrom('channels')
    .selectAll()
    .where('authorization_id', '=', authorizationId)
    .where('state', '=', 'paused')
    .$if(shop_ids !== null, (query) => query.where('shop_id', 'in', shop_ids ?? []))
    .orderBy('id')
    .execute();
}

export interface PauseReason {
  /** null: all of the authorization's. */
  shop_ids: readonly string[] | null;
  code: ErrorCode;
  reason: string;
}

/** The same, unless a newer pair of tokens than this version is stored: what is known is then of the consent before. */
export const pauseChannelsOf = (db: Db, authorizationId: string, version: number, why: PauseReason): Promise<ChannelRow[]> =>
  db.transaction().execute(async (trx) => {
    const still = await trx.selectFrom('shop_authorizations').select('id').where('id', '=', authorizationId).where('token_version', '=', version).forShare().executeTakeFirst();
    return still ? pauseChannels(trx, authorizationId, why) : [];
  });

/** The shop is free for another workspace from now on. Doing it again changes nothing. */
export async function disconnectChannelRow(db: Db | Transaction<Database>, workspaceId: string, channelId: string): Promise<void> {
  await db
    .updateTable('channels')
    .set({ state: 'disconnected', state_code: null, state_reason: null, paused_at: null, disconnected_at: sql<Date>`now()`, updated_at: sql<Date>`now()` })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', channelId)
    .where('state', '<>', 'disconnected')
    .execute();
}

/** TikTok may give a shop another cipher. */
export async function updateCipher(db: Db, channelId: string, sealed: string): Promise<void> {
  await db.updateTable('channels').set({ shop_cipher: sealed, updated_at: sql<Date>`now()` }).where('id', '=', channelId).execute();
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505' && 'constraint' in error && error.constraint === 'channels_one_workspace';
