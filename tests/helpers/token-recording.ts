import { randomUUID } from 'node:crypto';
import { tiktokTokenWorkflowId } from '../../domain/names.ts';
import { consentRemovedSignal, disconnectUpdate, reconnectedSignal, refreshUpdate } from '../../workflows/tiktok-token.messages.ts';
import { accountsHarness, seedSocialAccount, type AccountsHarness } from './accounts.ts';
import { createTestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { createFakeTikTok, failureOf, type FakeTikTok } from './fake-tiktok.ts';
import { recordHistory } from './record-history.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';

interface Parts {
  temporal: TestTemporal;
  tiktok: FakeTikTok;
  accounts: AccountsHarness;
}

/** Each runs a workflow to its end and gives its id. */
const RECORDINGS: Record<string, (parts: Parts) => Promise<string>> = {
  'tiktok-token': recordTokenLife,
  'tiktok-token-lost': recordTokenLost,
};
export const TOKEN_RECORDINGS = Object.keys(RECORDINGS);

/** @returns the files */
export async function recordTokens(names: readonly string[]): Promise<string[]> {
  const [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  const tiktok = createFakeTikTok();
  const accounts = await accountsHarness(database, temporal, tiktok);
  const files: string[] = [];
  try {
    for (const name of names) files.push(await recordHistory(temporal.client, name, await RECORDINGS[name]!({ temporal, tiktok, accounts })));
    return files;
  } finally {
    await temporal.close();
    await database.drop();
  }
}

/** A refresh that fails and succeeds, one that callers share, a consent that ends soon, a reconnect, and the disconnect. */
async function recordTokenLife({ temporal, tiktok, accounts }: Parts): Promise<string> {
  const past = new Date(Date.now() - 1_000);
  const id = await seedSocialAccount(accounts.db, accounts.secrets, accounts.workspace_id, tiktok.grant(randomUUID()), { access_expires_at: past });
  tiktok.faults.refresh.push({ kind: 'failure', failure: failureOf({ definite: true }) });
  const handle = await start({ temporal, tiktok, accounts }, id);
  await eventually(async () => (await accounts.row(id)).token_version === 2);
  tiktok.lifetimes.refresh_s = 14 * 86_400 + 2;
  tiktok.faults.refresh.push({ kind: 'held' });
  const before = tiktok.calls.refresh;
  const asked = [1, 2, 3].map(() => handle.executeUpdate(refreshUpdate, { args: [{ seen_version: 2 }] }));
  await eventually(() => tiktok.calls.refresh > before);
  tiktok.release();
  await Promise.all(asked);
  await eventually(async () => (await accounts.row(id)).state === 'expiring');
  await handle.signal(reconnectedSignal);
  await eventually(() => accounts.schedules.includes(`ensure:${id}`));
  await handle.executeUpdate(disconnectUpdate);
  await handle.result();
  return handle.workflowId;
}

/** An answer that is lost, TikTok's no, and a webhook that comes when all is over. */
async function recordTokenLost({ temporal, tiktok, accounts }: Parts): Promise<string> {
  const id = await seedSocialAccount(accounts.db, accounts.secrets, accounts.workspace_id, tiktok.grant(randomUUID()));
  tiktok.faults.refresh.push({ kind: 'lost' });
  const handle = await start({ temporal, tiktok, accounts }, id);
  await handle.executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] });
  await handle.signal(consentRemovedSignal, 'The user disconnected the app.');
  await handle.result();
  return handle.workflowId;
}

const start = ({ temporal, accounts }: Parts, id: string) =>
  temporal.client.workflow.start('tiktokToken', {
    taskQueue: accounts.queue,
    workflowId: tiktokTokenWorkflowId(id),
    args: [{ social_account_id: id, workspace_id: accounts.workspace_id, timings: { retry_initial_ms: 100, retry_max_ms: 200 } }],
  });
