import { cooldownKey } from '../domain/execution.ts';

/** A transaction of pg's client, or of Kysely through a wrapper. */
export interface QueriedTransaction {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

export interface CooldownQuestion {
  rule_id: string;
  user_key: string;
}

/**
 * Locks the rules' cooldowns until the transaction ends and reads where they stand: two consumers that match the same
 * rule at once take turns, and the second sees what the first claimed. Rules are locked in the order of their ids.
 * @returns ends of cooldowns, epoch milliseconds by cooldownKey
 */
export async function lockCooldowns(tx: QueriedTransaction, questions: readonly CooldownQuestion[]): Promise<Map<string, number>> {
  const ruleIds = [...new Set(questions.map((question) => question.rule_id))].sort();
  await tx.query(
    `insert into rule_cooldowns (rule_id, user_key, until)
     select id, '', 'epoch' from rules where id = any($1::uuid[]) order by id
     on conflict (rule_id, user_key) do nothing`,
    [ruleIds],
  );
  await tx.query(`select from rule_cooldowns where rule_id = any($1::uuid[]) and user_key = '' order by rule_id for update`, [ruleIds]);
  const { rows } = await tx.query(
    `select rule_id, user_key, until from rule_cooldowns
     where (rule_id, user_key) in (select * from unnest($1::uuid[], $2::text[])) or (rule_id = any($1::uuid[]) and user_key = '')`,
    [questions.map((question) => question.rule_id), questions.map((question) => question.user_key)],
  );
  return new Map((rows as { rule_id: string; user_key: string; until: Date }[]).map((row) => [cooldownKey(row.rule_id, row.user_key), row.until.getTime()]));
}
