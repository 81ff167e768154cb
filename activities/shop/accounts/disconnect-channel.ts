import { disconnectChannelRow, findChannel, listAuthorizationChannels } from '../../../db/channel.repository.ts';
import type { Db } from '../../../db/client.ts';
import { findAuthorization, removeTokens } from '../../../db/shop-authorization.repository.ts';
import type { AuthorizationKey } from '../../../domain/contracts/channel.ts';
import type { AccountLife } from '../../../domain/contracts/social-account.ts';
import { authorizationLifeOf } from './authorization-life.ts';

export function createDisconnectActivities({ db }: { db: Db }) {
  return {
    /** Disconnects a channel, and with the authorization's last one removes the tokens. @returns what is now to be found of the authorization */
    async disconnectChannel({ channel_id, workspace_id, authorization_id }: AuthorizationKey & { channel_id: string }): Promise<AccountLife> {
      const row = await db.transaction().execute(async (trx) => {
        // Two that end the last two channels must not each take the other's for alive.
        await trx.selectFrom('shop_authorizations').select('id').where('id', '=', authorization_id).forUpdate().executeTakeFirst();
        const channel = await findChannel(trx, workspace_id, channel_id);
        if (channel?.authorization_id === authorization_id) await disconnectChannelRow(trx, workspace_id, channel_id);
        const left = await listAuthorizationChannels(trx, authorization_id);
        if (left.every(({ state }) => state === 'disconnected')) await removeTokens(trx, { authorization_id, workspace_id });
        return findAuthorization(trx, workspace_id, authorization_id);
      });
      return authorizationLifeOf(row);
    },
  };
}
