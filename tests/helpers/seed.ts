import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { NewRow } from '../../db/schema.ts';
import type { RuleAction, RuleDefinition } from '../../domain/contracts/rule.ts';

export interface Seeded {
  user_id: string;
  workspace_id: string;
}

/** A user with a workspace, straight in the tables. */
export async function seedWorkspace(db: Db, over: Partial<NewRow<'workspaces'>> = {}): Promise<Seeded> {
  const user_id = newId();
  const workspace_id = newId();
  await db.insertInto('users').values({ id: user_id, email: `${user_id}@example.test`, full_name: 'Test', password_hash: 'none' }).execute();
  await db
    .insertInto('workspaces')
    .values({
      id: workspace_id,
      name: 'Test',
      description: null,
      plan_tier: 'free',
      is_personal: true,
      webhook_secret: 'sealed',
      created_by: user_id,
      updated_at: new Date(),
      ...over,
    })
    .execute();
  await db.insertInto('workspace_members').values({ workspace_id, user_id, role: 'owner' }).execute();
  return { user_id, workspace_id };
}

export async function seedLivestream(db: Db, workspace_id: string, over: Partial<NewRow<'livestreams'>> = {}): Promise<string> {
  const id = newId();
  await db
    .insertInto('livestreams')
    .values({
      id,
      workspace_id,
      tiktok_input: '@demo',
      tiktok_username: null,
      room_id: null,
      title: null,
      status: 'connecting',
      status_code: null,
      status_reason: null,
      wait_for_live: false,
      session_cookie: null,
      consumer_owner: null,
      cursor: null,
      connected_at: null,
      ended_at: null,
      last_event_at: null,
      created_by: null,
      updated_at: new Date(),
      ...over,
    })
    .execute();
  return id;
}

export const logAction: RuleAction = { action_type: 'log', order: 0, config: { message: '{{username}}' } };

/** An active rule on comments that logs, with what is given changed. */
export async function seedRule(db: Db, workspace_id: string, over: Partial<RuleDefinition> & { is_active?: boolean } = {}): Promise<string> {
  const id = newId();
  const { is_active = true, conditions = [], actions = [logAction], ...definition } = over;
  await db
    .insertInto('rules')
    .values({
      id,
      workspace_id,
      name: 'Rule',
      description: null,
      event_type: 'comment',
      livestream_id: null,
      logic_operator: 'AND',
      cooldown_ms: 0,
      user_cooldown_ms: 0,
      max_age_ms: null,
      fire_on: 'streak_end',
      ...definition,
      conditions: JSON.stringify(conditions),
      actions: JSON.stringify(actions),
      is_active,
      activated_at: is_active ? new Date() : null,
      version: 1,
      created_by: null,
      updated_at: new Date(),
      deleted_at: null,
    })
    .execute();
  return id;
}
