import { readAppUsers } from '../../db/app-user.repository.ts';
import type { Db } from '../../db/client.ts';
import { blockedAmong } from '../../db/conversation.repository.ts';
import { relationshipsOf } from '../../db/relation.repository.ts';
import { partnerView } from './message-views.ts';

export interface Partner {
  view: ReturnType<typeof partnerView>;
  is_there: boolean;
  is_blocked: boolean;
  /** As far as blocks and deletion go; the receiver's privacy is asked when something is sent. */
  can_send: boolean;
}

/** The others of a user's conversations, by their ids; every id that was asked for is in it. */
export async function partnersOf(db: Db, workspaceId: string, userId: string, ids: readonly string[]): Promise<Map<string, Partner>> {
  const [users, relationships, blocked] = await Promise.all([readAppUsers(db, workspaceId, ids), relationshipsOf(db, userId, ids), blockedAmong(db, userId, ids)]);
  return new Map(
    ids.map((id) => {
      const user = users.get(id);
      const is_blocked = blocked.has(id);
      return [id, { view: partnerView(id, user, relationships.get(id) ?? 'none', is_blocked), is_there: user !== undefined, is_blocked, can_send: user !== undefined && !is_blocked }];
    }),
  );
}
