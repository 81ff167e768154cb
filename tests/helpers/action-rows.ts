import type { Db } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import type { ActionStatus, RenderedAction } from '../../domain/contracts/action.ts';
import type { MqttDeviceConfig } from '../../domain/contracts/device.ts';
import type { RuleAction } from '../../domain/contracts/rule.ts';
import { targetOf } from '../../domain/targets.ts';

export interface Seed {
  workspace_id: string;
  rule_id: string;
}

/** A workspace with one rule, for executions to belong to. */
export async function seedWorkspace(db: Db): Promise<Seed> {
  const [user_id, workspace_id, rule_id] = [newId(), newId(), newId()];
  await db
    .insertInto('users')
    .values({ id: user_id, email: `${user_id}@example.com`, full_name: 'A', password_hash: 'x' })
    .execute();
  await db
    .insertInto('workspaces')
    .values({
      id: workspace_id,
      name: 'W',
      plan_tier: 'free',
      is_personal: true,
      webhook_secret: 'secret',
      created_by: user_id,
      updated_at: new Date(),
    })
    .execute();
  await db
    .insertInto('rules')
    .values({
      id: rule_id,
      workspace_id,
      name: 'R',
      event_type: 'gift',
      logic_operator: 'AND',
      conditions: '[]',
      actions: '[]',
      cooldown_ms: 0,
      user_cooldown_ms: 0,
      fire_on: 'streak_end',
      is_active: true,
      version: 1,
      updated_at: new Date(),
    })
    .execute();
  return { workspace_id, rule_id };
}

export interface ExecutionOptions {
  status?: ActionStatus;
  created_at?: Date;
  expires_at?: Date | null;
  livestream_id?: string | null;
}

/** An execution whose actions wait for their first attempt (or what `status` says). */
export async function seedExecution(
  db: Db,
  seed: Seed,
  actions: readonly RuleAction[],
  options: ExecutionOptions = {},
): Promise<RenderedAction[]> {
  const { status = 'pending', created_at = new Date(), expires_at = null, livestream_id = null } = options;
  const execution_id = newId();
  await db
    .insertInto('executions')
    .values({
      id: execution_id,
      workspace_id: seed.workspace_id,
      rule_id: seed.rule_id,
      rule_version: 1,
      livestream_id,
      status: 'pending',
      created_at,
    })
    .execute();
  const rendered = actions.map((action): RenderedAction => ({
    id: newId(),
    execution_id,
    workspace_id: seed.workspace_id,
    livestream_id,
    event_id: null,
    rule_id: seed.rule_id,
    target: targetOf(seed.workspace_id, action),
    action,
    expires_at_ms: expires_at?.getTime() ?? null,
    attempts: 0,
  }));
  if (rendered.length > 0)
    await db
      .insertInto('execution_actions')
      .values(
        rendered.map(({ action, expires_at_ms: _expires, attempts: _attempts, ...row }) => ({
          ...row,
          order: action.order,
          action_type: action.action_type,
          action: JSON.stringify(action),
          status,
          expires_at,
          created_at,
        })),
      )
      .execute();
  return rendered;
}

export const webhookTo = (url: string, order = 0, body: object | null = { hello: 'there' }): RuleAction => ({
  action_type: 'webhook',
  order,
  config: { url, ...(body === null ? {} : { body: body as never }) },
});

export const commandTo = (device_id: string, command: string, restore?: { command: string; after_ms: number }): RuleAction => ({
  action_type: 'device_control',
  order: 0,
  config: { device_id, command, ...(restore ? { restore } : {}) },
});

export async function seedMqttDevice(db: Db, seed: Seed, command_topic: string, config: Partial<MqttDeviceConfig> = {}): Promise<string> {
  const id = newId();
  await db
    .insertInto('devices')
    .values({
      id,
      workspace_id: seed.workspace_id,
      name: 'lamp',
      kind: 'mqtt',
      config: JSON.stringify({ preset: 'custom', qos: 1, retain: false, command_topic, ...config }),
      updated_at: new Date(),
    })
    .execute();
  return id;
}

export const actionRow = (db: Db, id: string) =>
  db.selectFrom('execution_actions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
export const executionRow = (db: Db, id: string) => db.selectFrom('executions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
export const attemptRows = (db: Db, id: string) =>
  db.selectFrom('action_attempts').selectAll().where('action_id', '=', id).orderBy('attempt').execute();
