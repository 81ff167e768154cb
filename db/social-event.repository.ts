import { sql, type Transaction } from 'kysely';
import type { SocialEvent } from '../domain/contracts/social-event.ts';
import type { CooldownClaim, DecidedExecution } from '../domain/execution.ts';
import type { Db } from './client.ts';
import { storeDecidedEvents } from './decided-event.repository.ts';
import { jsonbText } from './jsonb-text.ts';
import type { Database, Row } from './schema.ts';

/** The event as everybody outside sees it. */
export const toSocialEvent = (row: Row<'social_events'>): SocialEvent =>
  ({
    id: row.id,
    type: row.type,
    workspace_id: row.workspace_id,
    livestream_id: null,
    occurred_at: row.occurred_at.toISOString(),
    received_at: row.received_at.toISOString(),
    is_history: false,
    ...row.data,
  }) as unknown as SocialEvent;

export async function findSocialEvent(db: Db, workspaceId: string, id: string): Promise<SocialEvent | undefined> {
  const row = await db.selectFrom('social_events').selectAll().where('workspace_id', '=', workspaceId).where('id', '=', id).executeTakeFirst();
  return row && toSocialEvent(row);
}

/** By ids that a workspace's feed gave. */
export async function readSocialEvents(db: Db, ids: readonly string[]): Promise<Map<string, SocialEvent>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('social_events').selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, toSocialEvent(row)]));
}

export interface DecidedSocialEvents {
  workspace_id: string;
  events: readonly SocialEvent[];
  executions: readonly DecidedExecution[];
  claims: readonly CooldownClaim[];
}

/** As storeDecidedEvents says. */
export const storeSocialEvents = (trx: Transaction<Database>, { workspace_id, events, executions, claims }: DecidedSocialEvents): Promise<string[]> =>
  storeDecidedEvents(trx, {
    workspace_id,
    kind: 'social_event',
    ids: events.map(({ id }) => id),
    insert: sql`
      insert into social_events (id, workspace_id, type, occurred_at, received_at, data)
      select e.id, ${workspace_id}, e.type, e.occurred_at, e.received_at, e.data
      from json_to_recordset(${jsonbText(events.map(eventRow))}::json) as e (id uuid, type text, occurred_at timestamptz, received_at timestamptz, data jsonb)`,
    executions,
    claims,
  });

function eventRow({ id, type, occurred_at, received_at, workspace_id: _workspace, livestream_id: _livestream, is_history: _history, ...data }: SocialEvent): object {
  return { id, type, occurred_at, received_at, data };
}
