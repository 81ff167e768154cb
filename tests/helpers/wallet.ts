import { appAccount, moveCoins, walletOf } from '../../db/coin-ledger.repository.ts';
import { newId } from '../../db/ids.ts';
import { checkAccounts, checkMovements, checkSums } from '../../db/ledger-check.repository.ts';
import type { NewRow } from '../../db/schema.ts';
import { grantMovement } from '../../domain/social/ledger.ts';
import { seedStream } from './recordings.ts';
import { appUser, socialApp, type TestAppUser } from './social.ts';
import type { TestApi } from './test-api.ts';

/** A user of the app with coins, which the house gave. */
export async function richUser(api: TestApi, coins: number, over: Partial<NewRow<'app_users'>> = {}): Promise<TestAppUser> {
  const user = await appUser(api, over);
  if (coins > 0) await enrich(api, user, coins);
  return user;
}

export async function enrich({ deps: { db } }: TestApi, { id, row: { workspace_id } }: TestAppUser, coins: number): Promise<void> {
  const [house, { account_id: wallet }] = [await appAccount(db, workspace_id, 'house'), await walletOf(db, workspace_id, id)];
  await moveCoins(db, grantMovement({ workspace_id, request_id: newId(), house, wallet, coins }));
}

export const balanceOf = async ({ deps: { db } }: TestApi, { id, row }: TestAppUser): Promise<number> => (await walletOf(db, row.workspace_id, id)).balance;

/** A stream of a user's that is on air, straight in the tables. */
export async function liveStreamOf({ deps: { db } }: TestApi, { id: user_id, row: { workspace_id } }: TestAppUser, over: { visibility?: 'public' | 'private' } = {}): Promise<string> {
  const id = await seedStream(db, { workspace_id, user_id }, over);
  await db.updateTable('streams').set({ status: 'live', start_time: new Date() }).where('id', '=', id).execute();
  return id;
}

/** A video of a user's that everybody may see, straight in the tables. */
export async function videoOf({ deps: { db } }: TestApi, { id: user_id, row: { workspace_id } }: TestAppUser, over: Partial<NewRow<'videos'>> = {}): Promise<string> {
  const id = newId();
  await db
    .insertInto('videos')
    .values({ id, workspace_id, user_id, status: 'ready', privacy: 'public', status_code: null, status_reason: null, sound_id: null, source_key: null, playlist_key: null, thumbnail_key: null, duration_ms: 1_000, width: null, height: null, published_at: new Date(), deleted_at: null, ...over })
    .execute();
  return id;
}

/** A gift of the catalogue by its name. */
export async function giftNamed(api: TestApi, name: string): Promise<string> {
  const workspace_id = await socialApp(api);
  const { id } = await api.deps.db.selectFrom('gifts').select('id').where('workspace_id', '=', workspace_id).where('name', '=', name).where('is_active', '=', true).executeTakeFirstOrThrow();
  return id;
}

/** Everything that does not add up, of all that there is. */
export async function ledgerFaults({ deps: { db } }: TestApi) {
  const [accounts, movements, sums] = [await checkAccounts(db, null, 100_000), await checkMovements(db, null, 100_000), await checkSums(db, 100)];
  return [...accounts.faults, ...movements.faults, ...sums];
}
