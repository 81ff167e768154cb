import type { Kysely, Transaction } from 'kysely';
import { AppError } from '../domain/errors.ts';
import { isAllowed, mayAssignRole, type WorkspaceRole } from '../domain/permissions.ts';
import type { PlanTier } from '../domain/plans.ts';
import type { Db } from './client.ts';
import type { Database } from './schema.ts';

export interface Membership {
  id: string;
  role: WorkspaceRole;
  plan_tier: PlanTier;
}

export interface MemberRow {
  user_id: string;
  email: string;
  full_name: string;
  role: WorkspaceRole;
  created_at: Date;
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

const members = (db: Kysely<Database>, workspaceId: string) =>
  db
    .selectFrom('workspace_members as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .select(['m.user_id', 'u.email', 'u.full_name', 'm.role', 'm.created_at'])
    .where('m.workspace_id', '=', workspaceId);

/** By user id, oldest account first: one more than `limit`. */
export const listMembers = (db: Kysely<Database>, workspaceId: string, limit: number, after?: string): Promise<MemberRow[]> =>
  members(db, workspaceId)
    .$if(after !== undefined, (query) => query.where('m.user_id', '>', after ?? ''))
    .orderBy('m.user_id')
    .limit(limit + 1)
    .execute();

interface RoleChange {
  workspaceId: string;
  /** Who asks for it. */
  actorId: string;
  userId: string;
}

/**
 * Makes a user a member.
 * @throws AppError forbidden, already_member
 */
export const addMember = (db: Db, { workspaceId, actorId, userId, role }: RoleChange & { role: WorkspaceRole }): Promise<MemberRow> =>
  underLock(db, workspaceId, async (trx) => {
    refuseUnless(mayAssignRole(await actorRole(trx, workspaceId, actorId), null, role), 'only an owner makes owners');
    const added = await trx
      .insertInto('workspace_members')
      .values({ workspace_id: workspaceId, user_id: userId, role })
      .onConflict((conflict) => conflict.doNothing())
      .returning('user_id')
      .executeTakeFirst();
    if (!added) throw new AppError('already_member');
    return members(trx, workspaceId).where('m.user_id', '=', userId).executeTakeFirstOrThrow();
  });

/**
 * Gives a member another role.
 * @throws AppError not_found, forbidden, last_owner
 */
export const changeRole = (db: Db, { workspaceId, actorId, userId, role }: RoleChange & { role: WorkspaceRole }): Promise<MemberRow> =>
  underLock(db, workspaceId, async (trx) => {
    const from = await roleOf(trx, workspaceId, userId);
    refuseUnless(mayAssignRole(await actorRole(trx, workspaceId, actorId), from, role), 'only an owner makes or unmakes owners');
    if (from === 'owner' && role !== 'owner') await keepOneOwner(trx, workspaceId);
    await trx
      .updateTable('workspace_members')
      .set({ role })
      .where('workspace_id', '=', workspaceId)
      .where('user_id', '=', userId)
      .execute();
    return members(trx, workspaceId).where('m.user_id', '=', userId).executeTakeFirstOrThrow();
  });

/**
 * Removes a member; everybody may remove themselves.
 * @throws AppError not_found, forbidden, last_owner
 */
export const removeMember = (db: Db, { workspaceId, actorId, userId }: RoleChange): Promise<void> =>
  underLock(db, workspaceId, async (trx) => {
    const from = await roleOf(trx, workspaceId, userId);
    if (actorId !== userId) {
      const actor = await actorRole(trx, workspaceId, actorId);
      refuseUnless(isAllowed(actor, 'members.edit'), `members.edit is needed; your role is ${actor}`);
      refuseUnless(mayAssignRole(actor, from, null), 'only an owner removes owners');
    }
    if (from === 'owner') await keepOneOwner(trx, workspaceId);
    await trx.deleteFrom('workspace_members').where('workspace_id', '=', workspaceId).where('user_id', '=', userId).execute();
  });

/** All changes of a workspace's members follow one another: two owners can't step down at the same moment. */
const underLock = <T>(db: Db, workspaceId: string, change: (trx: Transaction<Database>) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (trx) => {
    await trx.selectFrom('workspaces').select('id').where('id', '=', workspaceId).forNoKeyUpdate().executeTakeFirst();
    return change(trx);
  });

async function roleOf(trx: Transaction<Database>, workspaceId: string, userId: string): Promise<WorkspaceRole> {
  const member = await findMembership(trx, workspaceId, userId);
  if (!member) throw new AppError('not_found', 'no such member');
  return member.role;
}

/** Read again under the lock: the caller may have lost their role since the request began. */
async function actorRole(trx: Transaction<Database>, workspaceId: string, actorId: string): Promise<WorkspaceRole> {
  const actor = await findMembership(trx, workspaceId, actorId);
  if (!actor) throw new AppError('not_found');
  return actor.role;
}

async function keepOneOwner(trx: Transaction<Database>, workspaceId: string): Promise<void> {
  const { count } = await trx
    .selectFrom('workspace_members')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('workspace_id', '=', workspaceId)
    .where('role', '=', 'owner')
    .executeTakeFirstOrThrow();
  if (count <= 1) throw new AppError('last_owner');
}

function refuseUnless(allowed: boolean, detail: string): void {
  if (!allowed) throw new AppError('forbidden', detail);
}
