import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { TikTokTokenInput, TokenTimings } from '../../domain/contracts/social-account.ts';
import { tiktokTokenWorkflowId } from '../../domain/names.ts';
import { consentRemovedSignal, disconnectUpdate, refreshUpdate, tokenQuery } from '../../workflows/tiktok-token.messages.ts';
import { accountsHarness, seedSocialAccount, type AccountsHarness } from '../helpers/accounts.ts';
import { createTestDatabase, type TestDatabase } from '../helpers/database.ts';
import { eventually } from '../helpers/eventually.ts';
import { createFakeTikTok, failureOf, type FakeTikTok } from '../helpers/fake-tiktok.ts';
import { testTemporal, type TestTemporal } from '../helpers/temporal.ts';

let database: TestDatabase;
let temporal: TestTemporal;
let tiktok: FakeTikTok;
let accounts: AccountsHarness;
const running = new Set<string>();

beforeAll(async () => {
  [database, temporal] = await Promise.all([createTestDatabase(), testTemporal()]);
  tiktok = createFakeTikTok();
  accounts = await accountsHarness(database, temporal, tiktok);
});
afterEach(async () => {
  for (const id of running) await temporal.client.workflow.getHandle(id).terminate().catch(() => undefined);
  running.clear();
  tiktok.lifetimes = { access_s: 7_200, refresh_s: 180 * 86_400 };
  for (const faults of Object.values(tiktok.faults)) faults.length = 0;
});
afterAll(async () => {
  await temporal.close();
  await database.drop();
});

const HOUR = 3_600_000;
const past = (ms = 1_000): Date => new Date(Date.now() - ms);

async function account(over: Parameters<typeof seedSocialAccount>[4] = {}) {
  const grant = tiktok.grant(randomUUID());
  const id = await seedSocialAccount(accounts.db, accounts.secrets, accounts.workspace_id, grant, over);
  running.add(tiktokTokenWorkflowId(id));
  return { id, grant, refreshes: tiktok.calls.refresh };
}

const start = (id: string, timings: Partial<TokenTimings> = {}) =>
  temporal.client.workflow.start('tiktokToken', {
    taskQueue: accounts.queue,
    workflowId: tiktokTokenWorkflowId(id),
    args: [{ social_account_id: id, workspace_id: accounts.workspace_id, timings } satisfies TikTokTokenInput],
  });

const handleOf = (id: string) => temporal.client.workflow.getHandle(tiktokTokenWorkflowId(id));
const liveToken = async (id: string): Promise<boolean> => tiktok.isLive(accounts.secrets.open((await accounts.row(id)).access_token ?? ''));
const whoami = (id: string) => accounts.calls.withToken(id, { scope: 'user.info.basic' }, (token) => tiktok.userInfo(token, ['user.info.basic']));

test('a hundred callers with a token that has ended share one refresh, and each calls with the new one', async () => {
  const { id, refreshes } = await account({ access_expires_at: past() });
  const results = await Promise.all(Array.from({ length: 100 }, () => whoami(id)));
  expect(results.filter(({ ok }) => ok)).toHaveLength(100);
  expect(tiktok.calls.refresh - refreshes).toBe(1);
  const { events } = await handleOf(id).fetchHistory();
  expect(events?.filter(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => update)).toHaveLength(1);
  expect(await accounts.row(id)).toMatchObject({ state: 'connected', token_version: 2, refresh_sent_version: null, last_refresh_error: null });
});

test('callers of many processes share it too: the workflow refreshes once for all that saw the same version', async () => {
  const { id, refreshes } = await account();
  const handle = await start(id);
  tiktok.faults.refresh.push({ kind: 'held' });
  const asked = Array.from({ length: 8 }, () => handle.executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] }));
  await eventually(() => tiktok.calls.refresh > refreshes);
  tiktok.release();
  expect(await Promise.all(asked)).toEqual(Array(8).fill({ ok: true, token_version: 2 }));
  expect(await handle.executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] })).toEqual({ ok: true, token_version: 2 });
  expect(tiktok.calls.refresh - refreshes).toBe(1);
});

test('a token that TikTok takes no more is refreshed and the call made again, and the caller is told of it', async () => {
  const { id, grant } = await account();
  const elsewhere = await tiktok.refresh(grant.refresh_token);
  if (!elsewhere.ok) throw new Error('the fake refused');
  await accounts.db.updateTable('social_accounts').set({ refresh_token: accounts.secrets.seal(elsewhere.value.refresh_token) }).where('id', '=', id).execute();
  let told = 0;
  const result = await accounts.calls.withToken(id, { scope: 'user.info.basic', onRefreshed: async () => void (told += 1) }, (token) =>
    tiktok.userInfo(token, ['user.info.basic']),
  );
  expect([result.ok, told]).toEqual([true, 1]);
});

test('it refreshes by itself ahead of the end, by the lifetimes that TikTok tells', async () => {
  const now = Date.now();
  const { id } = await account({ token_obtained_at: new Date(now - 2 * HOUR), access_expires_at: new Date(now + 0.2 * HOUR) });
  tiktok.lifetimes = { access_s: 86_400, refresh_s: 365 * 86_400 };
  const handle = await start(id);
  await eventually(async () => (await accounts.row(id)).token_version === 2);
  const { access_expires_at, refresh_expires_at, token_obtained_at } = await accounts.row(id);
  expect(access_expires_at!.getTime() - token_obtained_at!.getTime()).toBe(86_400_000);
  expect(refresh_expires_at!.getTime() - token_obtained_at!.getTime()).toBe(365 * 86_400_000);
  const view = await eventually(async () => {
    const seen = await handle.query(tokenQuery);
    return seen.life?.token_version === 2 ? seen : null;
  });
  // 15 % of the life as margin, and up to 10 % of jitter before it.
  expect(view.next_refresh_at_ms! - now).toBeGreaterThan(0.74 * 86_400_000);
  expect(view.next_refresh_at_ms! - now).toBeLessThan(0.86 * 86_400_000);
  expect(await liveToken(id)).toBe(true);
});

test('TikTok failing is tried again and again and never disconnects', async () => {
  const { id, refreshes } = await account({ access_expires_at: past() });
  tiktok.faults.refresh.push(...Array.from({ length: 4 }, () => ({ kind: 'failure' as const, failure: failureOf({}) })));
  tiktok.faults.refresh.push({ kind: 'failure', failure: failureOf({ code: 'tiktok_rate_limited', definite: true, retry_after_ms: 400 }) });
  const handle = await start(id, { retry_initial_ms: 50, retry_max_ms: 100 });
  await eventually(async () => ((await handle.query(tokenQuery)).failures_in_a_row >= 2 ? true : null));
  expect((await accounts.row(id)).state).toBe('connected');
  await eventually(async () => (await accounts.row(id)).token_version === 2);
  expect(tiktok.calls.refresh - refreshes).toBe(6);
  expect(await accounts.row(id)).toMatchObject({ state: 'connected', last_refresh_error: null });
  await eventually(async () => (await handle.query(tokenQuery)).failures_in_a_row === 0);
});

test('whoever asks while TikTok fails gets its words, and the next one soon after asks anew', async () => {
  const { id } = await account({ access_expires_at: past() });
  tiktok.faults.refresh.push({ kind: 'failure', failure: failureOf({ definite: true, reason: 'internal_error: maintenance' }) });
  expect(await whoami(id)).toMatchObject({ ok: false, code: 'tiktok_internal', reason: 'internal_error: maintenance', retryable: true });
  const result = await eventually(async () => {
    const again = await whoami(id);
    return again.ok ? again : null;
  });
  expect(result.ok).toBe(true);
});

test('invalid_grant: reconnect_needed with TikTok’s words, one notification, and the workflow ends', async () => {
  const { id, grant } = await account({ access_expires_at: past() });
  tiktok.removeConsent(grant.open_id);
  const before = (await accounts.notifications()).length;
  const answers = await Promise.all([whoami(id), whoami(id)]);
  for (const answer of answers) {
    expect(answer).toMatchObject({ ok: false, code: 'reconnect_needed', reason: 'invalid_grant: Refresh token is invalid or expired.', retryable: false });
  }
  expect(await accounts.row(id)).toMatchObject({ state: 'reconnect_needed', state_code: 'reconnect_needed', state_reason: 'invalid_grant: Refresh token is invalid or expired.' });
  await handleOf(id).result();
  expect(await whoami(id)).toMatchObject({ code: 'reconnect_needed' });
  const told = (await accounts.notifications()).slice(before);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('has to be connected again');
  expect(told[0]).toContain('invalid_grant');
});

test('an attempt that died after it had given the account up tells the workspace, and no later one tells it again', async () => {
  const reason = `died ${randomUUID()}`;
  const { id } = await account({ state: 'reconnect_needed', state_code: 'reconnect_needed', state_reason: reason });
  const input = { social_account_id: id, workspace_id: accounts.workspace_id, seen_version: 1, expiring_before_ms: 0 };
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    expect(await new MockActivityEnvironment().run(accounts.activities.refreshToken, input)).toMatchObject({ kind: 'reconnect_needed', reason });
  }
  expect((await accounts.notifications()).filter((message) => message.includes(reason))).toHaveLength(1);
});

test('an answer that was lost: the same token is tried again, and TikTok’s no is reported as token_lost', async () => {
  const { id, refreshes } = await account({ access_expires_at: past() });
  tiktok.faults.refresh.push({ kind: 'lost' });
  const handle = await start(id, { retry_initial_ms: 50, retry_max_ms: 50 });
  await handle.result();
  expect(tiktok.calls.refresh - refreshes).toBe(2);
  const { state, state_code, state_reason } = await accounts.row(id);
  expect([state, state_code]).toEqual(['reconnect_needed', 'token_lost']);
  expect(state_reason).toContain('An earlier refresh with the same token got no answer');
});

test('an answer that never was: the same token is tried again, and all is well', async () => {
  const { id } = await account({ access_expires_at: past() });
  tiktok.faults.refresh.push({ kind: 'failure', failure: failureOf({ code: 'tiktok_unreachable', tiktok_code: null }) });
  await start(id, { retry_initial_ms: 50, retry_max_ms: 50 });
  await eventually(async () => (await accounts.row(id)).token_version === 2);
  expect(await liveToken(id)).toBe(true);
});

test('a refusal that is no lost answer leaves no trace: invalid_grant afterwards is reconnect_needed', async () => {
  const { id, grant } = await account({ access_expires_at: past() });
  tiktok.faults.refresh.push({ kind: 'failure', failure: failureOf({ code: 'tiktok_rate_limited', definite: true }) });
  const handle = await start(id, { retry_initial_ms: 300, retry_max_ms: 300 });
  await eventually(async () => (await handle.query(tokenQuery)).failures_in_a_row === 1);
  tiktok.removeConsent(grant.open_id);
  await handle.result();
  expect((await accounts.row(id)).state_code).toBe('reconnect_needed');
});

test('TikTok’s word that the consent was removed ends the account with its reason, once TikTok confirms it', async () => {
  const { id, grant } = await account();
  const handle = await start(id);
  tiktok.removeConsent(grant.open_id);
  await handle.signal(consentRemovedSignal, 'the person disconnected the app in TikTok');
  await handle.result();
  const state_reason = 'the person disconnected the app in TikTok. invalid_grant: Refresh token is invalid or expired.';
  expect(await accounts.row(id)).toMatchObject({ state: 'reconnect_needed', state_code: 'reconnect_needed', state_reason });
  expect((await accounts.notifications()).filter((message) => message.includes('the person disconnected the app'))).toHaveLength(1);
});

test('that word come late, when a new consent stands, costs a refresh and nothing else', async () => {
  const { id } = await account();
  const handle = await start(id);
  await handle.signal(consentRemovedSignal, 'the person disconnected the app in TikTok');
  await eventually(async () => (await accounts.row(id)).token_version === 2);
  expect(await accounts.row(id)).toMatchObject({ state: 'connected', state_reason: null });
  expect((await whoami(id)).ok).toBe(true);
});

test('a consent that ends within days is shown as expiring, and stays usable', async () => {
  const { id } = await account({ refresh_expires_at: new Date(Date.now() + 15 * 24 * HOUR) });
  const handle = await start(id, { expiring_before_ms: 16 * 24 * HOUR });
  await eventually(async () => (await accounts.row(id)).state === 'expiring');
  expect((await whoami(id)).ok).toBe(true);
  tiktok.lifetimes = { access_s: 7_200, refresh_s: 10 * 86_400 };
  expect(await handle.executeUpdate(refreshUpdate, { args: [{ seen_version: 1 }] })).toEqual({ ok: true, token_version: 2 });
  expect((await accounts.row(id)).state).toBe('expiring');
});

test('disconnect removes the tokens though TikTok fails, and says so; a second one changes nothing', async () => {
  const { id } = await account();
  tiktok.faults.revoke.push({ kind: 'failure', failure: failureOf({ reason: 'internal_error: no' }) });
  const handle = await start(id);
  const answer = await handle.executeUpdate(disconnectUpdate);
  expect(answer).toEqual({ revoked_at_tiktok: false, reason: 'internal_error: no', cancelled_posts: 0 });
  await handle.result();
  expect(await accounts.row(id)).toMatchObject({ state: 'disconnected', access_token: null, refresh_token: null });
  expect(accounts.schedules).toContain(`remove:${id}`);
  expect(await whoami(id)).toMatchObject({ ok: false, code: 'account_disconnected' });
  expect(await (await start(id)).executeUpdate(disconnectUpdate)).toMatchObject({ revoked_at_tiktok: false, reason: null });
});

test('disconnect waits for the refresh under way, and its pair is gone with the rest', async () => {
  const { id, grant, refreshes } = await account({ access_expires_at: past() });
  tiktok.faults.refresh.push({ kind: 'held' });
  const handle = await start(id);
  await eventually(() => tiktok.calls.refresh > refreshes);
  const disconnected = handle.executeUpdate(disconnectUpdate);
  tiktok.release();
  expect(await disconnected).toMatchObject({ revoked_at_tiktok: true });
  expect(await accounts.row(id)).toMatchObject({ state: 'disconnected', access_token: null });
  expect((await tiktok.refresh(grant.refresh_token)).ok).toBe(false);
});

test('a feature whose scope was not granted is refused by its name, before TikTok is asked', async () => {
  const { id } = await account({ scopes: ['user.info.basic'] });
  const before = tiktok.calls.creatorInfo;
  const result = await accounts.calls.withToken(id, { scope: 'video.publish' }, (token) => tiktok.creatorInfo(token));
  expect(result).toMatchObject({ ok: false, code: 'scope_missing', retryable: false });
  expect(!result.ok && result.reason).toContain('direct posts');
  expect(tiktok.calls.creatorInfo).toBe(before);
});

test('it goes on as a new run before its history grows, and nobody who asks is lost', async () => {
  const { id } = await account();
  const handle = await start(id, { max_history: 12 });
  const { runId } = await handle.describe();
  for (let version = 1; version <= 6; version += 1) {
    expect(await temporal.client.workflow.getHandle(handle.workflowId).executeUpdate(refreshUpdate, { args: [{ seen_version: version }] })).toEqual({ ok: true, token_version: version + 1 });
  }
  expect((await handleOf(id).describe()).runId).not.toBe(runId);
});

test('no token is in any history', async () => {
  const { id, grant } = await account({ access_expires_at: past() });
  await whoami(id);
  const { access_token, refresh_token } = await accounts.row(id);
  const secrets = [grant.access_token, grant.refresh_token, accounts.secrets.open(access_token!), accounts.secrets.open(refresh_token!), access_token!, refresh_token!];
  const { History } = proto.temporal.api.history.v1;
  const bytes = Buffer.from(History.encode(History.fromObject(await handleOf(id).fetchHistory())).finish());
  expect(bytes.includes(id)).toBe(true);
  expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([]);
});
