import type pg from 'pg';
import { newId } from './ids.ts';

export interface NewNotification {
  workspace_id: string;
  /** The action that says it: a second attempt of it changes nothing. null: no action. */
  action_id: string | null;
  livestream_id: string | null;
  message: string;
}

/**
 * Stores an in-app notification and puts it on the workspace's feed, in one statement, the feed's head last: whoever takes
 * a number commits right after, so numbers are gapless and in the order of commits.
 * @returns its id, or null where the action's notification is there already
 */
export async function createNotification(
  db: Pick<pg.Pool, 'query'>,
  { workspace_id, action_id, livestream_id, message }: NewNotification,
): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>({
    name: 'create-notification',
    text: `with created as (
      insert into notifications (id, workspace_id, action_id, message) values ($1, $2, $3, $4) on conflict (action_id) do nothing returning id
    ), head as (
      insert into workspace_feed_heads (workspace_id, seq) select $2, 1 from created
      on conflict (workspace_id) do update set seq = workspace_feed_heads.seq + 1
      returning seq
    ), fed as (
      insert into workspace_feed (workspace_id, seq, kind, livestream_id, notification_id)
      select $2, head.seq, 'notification', $5, created.id from head, created
    )
    select id from created`,
    values: [newId(), workspace_id, action_id, message.replaceAll('\0', '\uFFFD'), livestream_id],
  });
  return rows[0]?.id ?? null;
}
