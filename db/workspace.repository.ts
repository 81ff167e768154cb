import { sql, type Kysely, type Transaction } from 'kysely';
import type { WorkspaceRole } from '../domain/permissions.ts';
import { AppError } from '../domain/errors.ts';
import type { Db } from './client.ts';
import { newId } from './ids.ts';
import type { Database, NewRow, Row } from './schema.ts';

/** Without the webhook secret, which has functions of its own. */
export type WorkspaceRow = Omit<Row<'workspaces'>, 'webhook_secret'>;
export type WorkspaceWithRole = WorkspaceRow & { role: WorkspaceRole };

const COLUMNS = ['id', 'name', 'description', 'plan_tier', 'is_personal', 'created_by', 'created_at', 'updated_at'] as const;

/** Far more than a person runs, and a bound on what one account can store. */
const MAX_CREATED = 100;

export type WorkspaceDraft = Omit<NewRow<'workspaces'>, 'id' | 'created_at' | 'updated_at'>;

/** A workspace whose creator is its owner. */
export async function insertWorkspace(trx: Transaction<Database>, draft: WorkspaceDraft): Promise<WorkspaceRow> {
  const workspace = await trx
    .insertInto('workspaces')
    .values({ id: newId(), updated_at: new Date(), ...draft })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  await trx.insertInto('workspace_members').values({ workspace_id: workspace.id, user_id: draft.created_by, role: 'owner' }).execute();
  return workspace;
}

/**
 * As insertWorkspace, for a person who has some.
 * @throws AppError plan_limit
 */
export const createWorkspace = (db: Db, draft: WorkspaceDraft): Promise<WorkspaceRow> =>
  db.transaction().execute(async (trx) => {
    await trx.selectFrom('users').select('id').where('id', '=', draft.created_by).forNoKeyUpdate().executeTakeFirst();
    const { count } = await trx
      .selectFrom('workspaces')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('created_by', '=', draft.created_by)
      .executeTakeFirstOrThrow();
    if (count >= MAX_CREATED) throw new AppError('plan_limit', `${MAX_CREATED} workspaces`);
    return insertWorkspace(trx, draft);
  });

const withRole = (db: Kysely<Database>, userId: string) =>
  db
    .selectFrom('workspaces as w')
    .innerJoin('workspace_members as m', 'm.workspace_id', 'w.id')
    .select([...COLUMNS.map((column) => `w.${column}` as const), 'm.role'])
    .where('m.user_id', '=', userId);

/** The user's workspaces, newest first: one more than `limit`, so that the caller sees whether there are more. */
export const listWorkspaces = (db: Kysely<Database>, userId: string, limit: number, before?: string): Promise<WorkspaceWithRole[]> =>
  withRole(db, userId)
    .$if(before !== undefined, (query) => query.where('w.id', '<', before ?? ''))
    .orderBy('w.id', 'desc')
    .limit(limit + 1)
    .execute();

/** The user's workspaces in the order in which they came into them; the first is the default of requests. */
export const joinedWorkspaces = (db: Kysely<Database>, userId: string, limit: number): Promise<WorkspaceWithRole[]> =>
  withRole(db, userId).orderBy('m.created_at').orderBy('w.id').limit(limit).execute();

export const findWorkspace = (db: Kysely<Database>, id: string): Promise<WorkspaceRow | undefined> =>
  db.selectFrom('workspaces').select(COLUMNS).where('id', '=', id).executeTakeFirst();

export const updateWorkspace = (
  db: Kysely<Database>,
  id: string,
  change: { name?: string; description?: string | null },
): Promise<WorkspaceRow | undefined> =>
  db
    .updateTable('workspaces')
    .set({ ...change, updated_at: sql`now()` })
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst();

/** Sealed. */
export const findWebhookSecret = async (db: Kysely<Database>, id: string): Promise<string | undefined> =>
  (await db.selectFrom('workspaces').select('webhook_secret').where('id', '=', id).executeTakeFirst())?.webhook_secret;

/** @param sealed the new secret; the old one is gone at once */
export async function replaceWebhookSecret(db: Kysely<Database>, id: string, sealed: string): Promise<void> {
  await db
    .updateTable('workspaces')
    .set({ webhook_secret: sealed, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
}
