import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { sql } from 'kysely';
import { createMediaGate } from '../../activities/streaming/media-gate.ts';
import { restoreAppUser, suspendAppUser } from '../../db/app-suspension.repository.ts';
import { signToken } from '../../db/signed-token.ts';
import { newStreamKey } from '../../db/stream-key.ts';
import { newId } from '../../db/ids.ts';
import { addUser, createStreamWorld, requestOf, seedStream, type CountedStage, type SeededStream, type StreamWorld } from '../helpers/streams.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { eventually } from '../helpers/eventually.ts';

jest.setTimeout(120_000);
let world: StreamWorld;
beforeAll(async () => {
  world = await createStreamWorld();
  await world.work();
});
afterAll(() => world.close());

const SECRET = 'a secret of tests that is long enough';
const stream = (over = {}): Promise<SeededStream> => seedStream(world.db, world.owner, over);
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
/** As if the session had had no media for long. */
const starve = (sessionId: string) => world.db.updateTable('stream_sessions').set({ last_media_at: new Date(Date.now() - 60_000) }).where('id', '=', sessionId).execute();

describe('A claim', () => {
  test('is won by one of twenty encoders that come at once, on two hosts', async () => {
    const [one, other] = [await world.host(), await world.host()];
    const contested = await stream();
    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).sessions.begin(requestOf(contested))));
    const won = answers.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    const codes = answers.flatMap((answer) => (answer.status === 'rejected' ? [(answer.reason as { code: string }).code] : []));
    expect(new Set(codes)).toEqual(new Set(['stream_busy']));
    const rows = await world.sessionRows(contested);
    expect(rows.map(({ epoch, ended_at }) => [epoch, ended_at])).toEqual([[1, null]]);
  });

  test('is refused while media flows on another host, and takes over where it does not', async () => {
    const [one, other] = [await world.host(), await world.host()];
    const wanted = await stream();
    const first = await one.sessions.begin(requestOf(wanted));
    expect(await codeOf(other.sessions.begin(requestOf(wanted)))).toBe('stream_busy');
    await starve(first.id);
    const second = await other.sessions.begin(requestOf(wanted));
    expect(second.epoch).toBe(2);
    expect(await first.ended).toMatchObject({ reason: 'taken_over' });
    expect((await world.sessionRows(wanted)).map(({ end_reason, ended_at }) => [end_reason, ended_at === null])).toEqual([
      ['taken_over', false],
      [null, true],
    ]);
  });

  test('follows at once on a session that said goodbye', async () => {
    const host = await world.host();
    const again = await stream();
    const first = await host.sessions.begin(requestOf(again));
    first.end('closed');
    const second = await host.sessions.begin(requestOf(again));
    expect([second.epoch, second.stage === first.stage]).toEqual([2, true]);
    expect((await world.sessionRows(again))[0]).toMatchObject({ end_reason: 'closed' });
  });

  test('takes over at once what a former process of the same host has left open', async () => {
    const host = await world.host();
    const left = await stream();
    const id = newId();
    await world.db.insertInto('stream_sessions').values({ id, stream_id: left.id, epoch: 1, kind: 'whip', host_id: host.id, key_version: 1 }).execute();
    await world.db.updateTable('streams').set({ session_epoch: 1 }).where('id', '=', left.id).execute();
    expect((await host.sessions.begin(requestOf(left))).epoch).toBe(2);
    expect((await world.sessionRows(left))[0]).toMatchObject({ id, end_reason: 'media_host_died' });
  });

  test.each([
    ['has ended', { status: 'ended' }, 'stream_over'],
    ['is ending', { status: 'ending' }, 'stream_over'],
    ['was deleted', { deleted_at: new Date() }, 'stream_over'],
    ['has another key by now', { key_version: 2 }, 'stream_key_unknown'],
  ])('is refused where the stream %s', async (_what, over, code) => {
    const host = await world.host();
    expect(await codeOf(host.sessions.begin(requestOf(await stream(over))))).toBe(code);
    expect(host.sessions.all()).toEqual([]);
  });

  test('that comes while its owner is being suspended waits for that, and is refused', async () => {
    const host = await world.host();
    const { workspace_id } = world.owner;
    const user_id = await addUser(world.db, workspace_id, 'member');
    await world.db.insertInto('app_users').values({ id: user_id, workspace_id, username: `u${user_id.replaceAll('-', '').slice(-12)}`, social: 'google', social_id: user_id }).execute();
    const theirs = await stream({ user_id });
    const request = requestOf(theirs);
    const claimed = await world.db.transaction().execute(async (trx) => {
      await suspendAppUser(trx, { workspace_id, user_id, reason: 'spam' });
      const claiming = codeOf(host.sessions.begin(request));
      await eventually(async () => (await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(trx)).rows.length > 0);
      return { claiming };
    });
    expect(await claimed.claiming).toBe('account_suspended');
    expect(host.sessions.all()).toEqual([]);
    await restoreAppUser(world.db, { workspace_id, user_id });
    expect((await host.sessions.begin(request)).epoch).toBe(1);
  });

  test('that finds no stage leaves the stream free', async () => {
    const host = await world.host();
    const free = await stream();
    const open = host.stages.open;
    host.stages.open = () => Promise.reject(new Error('no worker'));
    expect(await codeOf(host.sessions.begin(requestOf(free)))).toBe('no worker');
    host.stages.open = open;
    expect((await host.sessions.begin(requestOf(free))).epoch).toBe(2);
    expect((await world.sessionRows(free))[0]).toMatchObject({ end_reason: 'bridge_failed', end_detail: 'no worker' });
  });
});

describe('A session', () => {
  test('without media for the limit is over, and one with media goes on', async () => {
    const host = await world.host({ silentMs: 2_500 });
    const [silent, loud] = [await stream(), await stream()];
    const one = await host.sessions.begin(requestOf(silent));
    const other = await host.publish(loud);
    expect(await one.ended).toMatchObject({ reason: 'silent', detail: 'No media for 3 s.' });
    await eventually(async () => (await world.sessionRows(silent))[0]?.end_reason === 'silent');
    const before = (await world.sessionRows(loud))[0]!.last_media_at;
    await eventually(async () => (await world.sessionRows(loud))[0]!.last_media_at > before);
    expect(host.sessions.all().map(({ id }) => id)).toEqual([other.id]);
  });

  test.each([
    ['the key was rotated', { key_version: 2 }, 'key_revoked'],
    ['the stream was ended', { status: 'ending' as const }, 'stream_ended'],
    ['the stream was deleted', { deleted_at: new Date() }, 'stream_ended'],
  ])('is over when %s, also without Temporal’s word', async (_what, change, reason) => {
    const host = await world.host();
    const cut = await stream();
    const session = await host.sessions.begin(requestOf(cut));
    await world.db.updateTable('streams').set(change).where('id', '=', cut.id).execute();
    expect((await session.ended).reason).toBe(reason);
  });

  test('tells its listeners once, and its host is where viewers are sent', async () => {
    const host = await world.host();
    const shown = await stream();
    const heard: string[] = [];
    const stop = host.sessions.onAnnounced(({ id }) => heard.push(id));
    host.sessions.onAnnounced(() => {
      throw new Error('a listener that fails keeps the others from nothing');
    });
    const session = await host.publish(shown);
    await session.announce();
    stop();
    expect(heard).toEqual([session.id]);
    await eventually(async () => (await world.row(shown)).media_host_id === host.id);
    const gate = createMediaGate({ db: world.db, jwtSecret: SECRET });
    expect((await gate.viewer(shown.id, null)).host).toEqual({ id: host.id, public_url: `http://${host.id}.example` });
    session.end('closed');
    session.end('silent');
    expect((await session.ended).reason).toBe('closed');
    await eventually(async () => (await gate.viewer(shown.id, null)).host === null);
  });

  test('keeps its stage over the grace time, and loses it when the encoder came to another host', async () => {
    const [one, other] = [await world.host(), await world.host({ graceMs: 500 })];
    const [moved, gone] = [await stream(), await stream()];
    (await one.sessions.begin(requestOf(moved))).end('closed');
    await eventually(async () => (await world.sessionRows(moved))[0]?.ended_at);
    expect(one.stages.find(moved.id)).not.toBeNull();
    await other.publish(moved);
    await eventually(() => one.stages.find(moved.id) === null);
    (await other.sessions.begin(requestOf(gone))).end('connection_lost');
    await eventually(() => other.stages.find(gone.id) === null);
  });

  test('is ended and written down when its host stops', async () => {
    const host = await world.host();
    const stopped = await stream();
    const session = await host.publish(stopped);
    await host.sessions.close();
    expect((await session.ended).reason).toBe('shutdown');
    expect((await world.sessionRows(stopped))[0]).toMatchObject({ end_reason: 'shutdown' });
    expect(await codeOf(host.sessions.begin(requestOf(stopped)))).toBe('media_full');
  });

  test('counts media that begins anew from zero', async () => {
    const host = await world.host({ silentMs: 3_000 });
    const reset = await stream();
    const session = await host.publish(reset);
    (session.stage as CountedStage).bytes = 1_000_000;
    const { last_media_at } = (await world.sessionRows(reset))[0]!;
    await eventually(async () => (await world.sessionRows(reset))[0]!.last_media_at > last_media_at);
    (session.stage as CountedStage).bytes = 10;
    const since = Date.now() + 4_000;
    await eventually(() => Date.now() > since);
    expect(host.sessions.find(session.id)).toBe(session);
  });
});

describe('The gate', () => {
  const gate = () => createMediaGate({ db: world.db, jwtSecret: SECRET });
  const token = (userId: string, ttlS = 60) => signToken('access', userId, SECRET, ttlS);

  test('lets in by key, and never by another', async () => {
    const mine = await stream({ record: false, latency: 'normal' });
    const { id, workspace_id, user_id } = mine;
    expect(await gate().publisherByKey(mine.key)).toEqual({ stream_id: id, workspace_id, user_id, key_version: 1, record: false, latency: 'normal' });
    for (const key of [newStreamKey(), mine.id, `${mine.key} `, 'sk_', 'x'.repeat(100_000)]) expect(await codeOf(gate().publisherByKey(key))).toBe('stream_key_unknown');
    expect(await codeOf(gate().publisherByKey(''))).toBe('stream_key_missing');
    const over = await stream({ status: 'ended' });
    expect(await codeOf(gate().publisherByKey(over.key))).toBe('stream_over');
  });

  test('lets in by token who may edit the stream', async () => {
    const mine = await stream();
    const sales = await addUser(world.db, mine.workspace_id, 'sales');
    const member = await addUser(world.db, mine.workspace_id, 'member');
    const stranger = await seedWorkspace(world.db);
    expect(await gate().publisherByToken(await token(mine.user_id), mine.id)).toMatchObject({ stream_id: mine.id, key_version: null });
    expect(await gate().publisherByToken(await token(member), mine.id)).toMatchObject({ stream_id: mine.id });
    expect(await codeOf(gate().publisherByToken(await token(sales), mine.id))).toBe('forbidden');
    expect(await codeOf(gate().publisherByToken(await token(stranger.user_id), mine.id))).toBe('not_found');
    expect(await codeOf(gate().publisherByToken(await token(mine.user_id), 'no-id'))).toBe('not_found');
    expect(await codeOf(gate().publisherByToken(await token(mine.user_id, -1), mine.id))).toBe('token_expired');
    expect(await codeOf(gate().publisherByToken('nonsense', mine.id))).toBe('unauthenticated');
    expect(await codeOf(gate().publisherByToken(await signToken('play', mine.user_id, SECRET, 60), mine.id))).toBe('unauthenticated');
  });

  test('shows public streams to everybody, and private ones to members and holders of a play token', async () => {
    const [open, closed] = [await stream(), await stream({ visibility: 'private' })];
    const stranger = await seedWorkspace(world.db);
    expect(await gate().viewer(open.id, null)).toEqual({ stream_id: open.id, visibility: 'public', host: null, latency: 'low' });
    expect(await gate().viewer(open.id, 'nonsense')).toMatchObject({ stream_id: open.id });
    const play = (id: string, ttlS = 60) => signToken('play', id, SECRET, ttlS);
    expect(await gate().viewer(closed.id, await play(closed.id))).toMatchObject({ visibility: 'private' });
    expect(await gate().viewer(closed.id, await token(closed.user_id))).toMatchObject({ visibility: 'private' });
    const refusals = [null, 'nonsense', await play(open.id), await play(closed.id, -1), await token(closed.user_id, -1), await token(stranger.user_id)];
    const codes = await Promise.all(refusals.map((refused) => codeOf(gate().viewer(closed.id, refused))));
    expect(codes).toEqual(['unauthenticated', 'unauthenticated', 'unauthenticated', 'token_expired', 'token_expired', 'not_found']);
    expect(await codeOf(gate().viewer((await stream({ deleted_at: new Date() })).id, null))).toBe('not_found');
  });

  test('tells a handshake who it is', async () => {
    expect(await gate().user(await token(world.owner.user_id))).toEqual({ user_id: world.owner.user_id, name: 'Test' });
    await expect(gate().user(null)).rejects.toMatchObject({ code: 'unauthenticated', detail: 'the token is missing' });
    await expect(gate().user('nonsense')).rejects.toMatchObject({ code: 'unauthenticated', detail: 'the token is not valid' });
    expect(await codeOf(gate().user(await token(newId())))).toBe('unauthenticated');
  });
});
