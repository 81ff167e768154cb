import { grantMovement } from '../domain/social/ledger.ts';
import { findAccount } from './app-user.repository.ts';
import { notifyAppUser } from './app-notification.repository.ts';
import type { Db } from './client.ts';
import { appAccount, moveCoins, walletOf } from './coin-ledger.repository.ts';
import type { Row } from './schema.ts';

export type CoinGrant = Row<'coin_grants'>;

export interface GrantDraft {
  workspace_id: string;
  user_id: string;
  coins: number;
  /** The same one gives once. */
  request_id: string;
  reason: string;
  granted_by: string;
}

export type GrantOutcome =
  | { kind: 'granted' | 'repeated'; grant: CoinGrant; balance: number }
  /** There is no such user in the app, or not any more. */
  | { kind: 'gone' }
  /** The request id gave something else. */
  | { kind: 'reused' };

/** Gives coins of the house to a user, and tells them. */
export const grantCoins = (db: Db, draft: GrantDraft): Promise<GrantOutcome> =>
  db.transaction().execute(async (trx) => {
    const { workspace_id, user_id, coins, request_id, reason, granted_by } = draft;
    if (!(await findAccount(trx, workspace_id, user_id))) return { kind: 'gone' };
    const [wallet, house] = [await walletOf(trx, workspace_id, user_id), await appAccount(trx, workspace_id, 'house')];
    const moved = await moveCoins(trx, grantMovement({ workspace_id, request_id, house, wallet: wallet.account_id, coins }));
    if (moved.kind === 'short') throw new Error('a grant takes nothing from a wallet');
    if (moved.kind === 'moved') await trx.insertInto('coin_grants').values({ id: moved.movement_id, workspace_id, request_id, user_id, coins, reason, granted_by }).execute();
    const grant = await trx.selectFrom('coin_grants').selectAll().where('workspace_id', '=', workspace_id).where('request_id', '=', request_id).executeTakeFirstOrThrow();
    if (grant.user_id !== user_id || grant.coins !== coins) return { kind: 'reused' };
    const { balance } = await walletOf(trx, workspace_id, user_id);
    if (moved.kind === 'moved') {
      const text = `You got ${coins.toLocaleString('en')} coins from us`;
      await notifyAppUser(trx, { workspace_id, user_id, sender_id: null, kind: 'system', text, subject_id: grant.id, dedupe_key: `grant:${grant.id}` });
    }
    return { kind: moved.kind === 'moved' ? 'granted' : 'repeated', grant, balance };
  });
