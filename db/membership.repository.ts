import type { Kysely } from 'kysely';
import type { WorkspaceRole } from '../domain/permissions.ts';
import type { PlanTier } from '../domain/plans.ts';
import type { Database } from './schema.ts';

export interface Membership {
  id: string;
  role: WorkspaceRole;
  plan_tier: PlanTier;
}

const memberships = (db: Kysely<Database>, userId: string) =>
  db
    .selectFrom('workspace_members as m')
    .innerJoin('workspaces as w', 'w.id', 'm.workspace_id')
    .select(['w.id', 'm.role', 'w.plan_tier'])
    .where('m.user_id', '=', userId);

/** The workspace with the user's role in it, undefined where it isn't there or the user no member. */
export const findMembership = (db: Kysely<Database>, workspaceId: string, userId: string): Promise<Membership | undefined> =>
  memberships(db, userId).where('m.workspace_id', '=', workspaceId).executeTakeFirst();

/** The workspace that the user came into first: the personal one, unless they left it. */
export const firstMembership = (db: Kysely<Database>, userId: string): Promise<Membership | undefined> =>
  memberships(db, userId).orderBy('m.created_at').orderBy('w.id').limit(1).executeTakeFirst();
