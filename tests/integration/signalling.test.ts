import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { io as connect, type Socket } from 'socket.io-client';
import { signToken } from '../../db/signed-token.ts';
import { createSignalling, type SignallingServer } from '../../media/signalling/signalling-server.ts';
import { identifyBy } from '../../workers/media/signalling.ts';
import { FAKE_DEVICES, openBrowser } from '../helpers/browser.ts';
import { eventually } from '../helpers/eventually.ts';
import { flowing, JWT_SECRET, killMediaWorker, openIngestWorld, type IngestWorld, type TestStream } from '../helpers/ingest-world.ts';
import { seedWorkspace } from '../helpers/seed.ts';
import { addStageClient } from '../helpers/stage-page.ts';

interface StageClient {
  events: { event: string; [fact: string]: unknown }[];
  ask(name: string, request?: object): Promise<Record<string, unknown>>;
  connect(token: string): Promise<string>;
  join(streamId: string, role: string): Promise<{ producers: { producer_id: string; kind: string; main: boolean }[]; peers: { peer_id: string; role: string }[] }>;
  publish(): Promise<void>;
  consume(producerId: string): Promise<void>;
  decoded(producerId: string): Promise<number>;
  forget(): void;
  disconnect(): void;
}
/** In the page; named here for the functions that are sent there. */
declare const stage: StageClient;

let world: IngestWorld;
let http: Server;
let signalling: SignallingServer;
let browser: Browser;
let base: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  [world, browser] = await Promise.all([openIngestWorld(), openBrowser([...FAKE_DEVICES, '--autoplay-policy=no-user-gesture-required'])]);
  http = createServer((_, response) => void response.setHeader('content-type', 'text/html').end('<!doctype html><title>stage</title>'));
  signalling = createSignalling({ server: http, stages: world.stages.pool, sessions: world.sessions, gate: world.gate, identify: identifyBy(world.gate, JWT_SECRET), host_id: world.host_id, iceServers: [], limits: { requests: 100 }, logger: world.logger });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}, 120_000);

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  signalling?.close();
  http?.closeAllConnections();
  http?.close();
  await browser?.close();
  await world?.close();
}, 60_000);

const tokenOf = (userId: string): Promise<string> => signToken('access', userId, JWT_SECRET, 600);
async function openPage(token: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(base);
  await addStageClient(page);
  await page.evaluate((given) => stage.connect(given), token);
  return page;
}
function socketOf(auth: object): Promise<Socket> {
  const socket = connect(`${base}/stage`, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.on('connect', () => resolve(socket));
    socket.on('connect_error', (error) => reject(error));
  });
}
const ask = (socket: Socket, name: string, request: unknown = {}): Promise<Record<string, unknown>> => socket.timeout(15_000).emitWithAck(name, request) as Promise<Record<string, unknown>>;
const cutOff = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('disconnect', () => resolve()));
const joinAs = async (stream: TestStream, role: string, token: string): Promise<Page> => {
  const page = await openPage(token);
  await page.evaluate(([id, as]) => stage.join(id!, as!), [stream.id, role]);
  return page;
};
const watch = (page: Page, producerId: string): Promise<number> =>
  eventually(async () => ((await page.evaluate((id) => stage.decoded(id), producerId)) > 5 ? 1 : null), { timeoutMs: 40_000, intervalMs: 200 });

describe('the handshake', () => {
  it.each([
    ['no token', () => Promise.resolve({}), 'unauthenticated', 'missing'],
    ['a token of nobody', () => Promise.resolve({ token: 'nonsense' }), 'unauthenticated', 'not valid'],
    ['an expired one', async () => ({ token: await signToken('access', '01890000-0000-7000-8000-000000000000', JWT_SECRET, -5) }), 'token_expired', 'expired'],
  ])('refuses %s with the reason', async (_, auth, code, words) => {
    await expect(socketOf(await auth())).rejects.toMatchObject({ message: expect.stringContaining(words), data: { code } });
  });
});

describe('on stage', () => {
  it('a host publishes, an invited guest joins, and a viewer sees both', async () => {
    const stream = await world.stream();
    const { user_id: guestId } = await seedWorkspace(world.database.db);
    const announced: string[] = [];
    const stop = world.sessions.onAnnounced(({ grant }) => announced.push(grant.stream_id));
    const host = await joinAs(stream, 'host', await tokenOf(stream.user_id));
    await host.evaluate(() => stage.publish());
    const session = await world.session(stream);
    expect(session.kind).toBe('stage');
    await flowing(session.stage, ['audio', 'video'], 1_000);
    await eventually(() => announced.includes(stream.id));
    stop();

    const guest = await openPage(await tokenOf(guestId));
    await expect(guest.evaluate((id) => stage.join(id, 'guest'), stream.id)).rejects.toThrow('forbidden');
    await guest.evaluate((id) => stage.join(id, 'viewer'), stream.id);
    expect(await guest.evaluate(() => stage.ask('askToJoin'))).toMatchObject({ hosts: 1 });
    await eventually(() => host.evaluate((id) => stage.events.some(({ event, user_id }) => event === 'guest_asked' && user_id === id), guestId));
    await host.evaluate((user_id) => stage.ask('invite', { user_id }), guestId);
    await eventually(() => guest.evaluate(() => stage.events.some(({ event }) => event === 'invited')));
    await guest.evaluate(() => stage.ask('leave'));
    await guest.evaluate((id) => stage.join(id, 'guest'), stream.id);
    await guest.evaluate(() => stage.publish());

    const play = await signToken('play', stream.id, JWT_SECRET, 600);
    const viewer = await openPage(play);
    const { producers, peers } = await viewer.evaluate((id) => stage.join(id, 'viewer'), stream.id);
    expect(peers.map(({ role }) => role).sort()).toEqual(['guest', 'host']);
    expect(producers.map(({ kind, main }) => `${kind} ${main}`).sort()).toEqual(['audio false', 'audio true', 'video false', 'video true']);
    for (const { producer_id } of producers) await viewer.evaluate((id) => stage.consume(id), producer_id);
    for (const { producer_id } of producers) await watch(viewer, producer_id);
    // What everybody sees and what is recorded is the host's alone.
    expect([session.stage.main('video'), session.stage.main('audio')].map((main) => session.stage.producers().find(({ producer }) => producer === main)!.participant_id)).toEqual([session.id, session.id]);

    await host.evaluate((user_id) => stage.ask('dismiss', { user_id }), guestId);
    await eventually(() => viewer.evaluate(() => stage.events.filter(({ event }) => event === 'producer_closed').length === 2));
    await expect(guest.evaluate((id) => stage.join(id, 'guest'), stream.id)).rejects.toThrow('forbidden');

    await host.evaluate(() => stage.disconnect());
    expect(await session.ended).toMatchObject({ reason: 'connection_lost' });
    await eventually(() => viewer.evaluate(() => stage.events.filter(({ event }) => event === 'producer_closed').length === 4));
    expect(session.stage.producers()).toEqual([]);
    await viewer.evaluate(() => stage.disconnect());
    await eventually(() => session.stage.viewers() === 0);
  }, 180_000);

  it('a host beside another encoder does not take the main picture from it', async () => {
    const stream = await world.stream();
    const session = await world.sessions.begin({ grant: await world.gate.publisherByKey(stream.key), kind: 'rtmp', remote_address: null, user_agent: null, request_id: null });
    const source = await world.stages.feed(session.stage, { participantId: session.id });
    const host = await joinAs(stream, 'host', await tokenOf(stream.user_id));
    await host.evaluate(() => stage.publish());
    expect(session.stage.producers().filter(({ main }) => main).map(({ participant_id }) => participant_id)).toEqual([session.id, session.id]);
    expect(session.stage.producers()).toHaveLength(4);
    await source.stop();
    session.end('closed');
    await host.evaluate(() => stage.disconnect());
  }, 120_000);

  it('goes on in the same session when the media worker died and the browser sends anew', async () => {
    const stream = await world.stream();
    const host = await joinAs(stream, 'host', await tokenOf(stream.user_id));
    await host.evaluate(() => stage.publish());
    const session = await world.session(stream);
    await flowing(session.stage, ['audio', 'video'], 1_000);
    await killMediaWorker();
    await eventually(() => host.evaluate(() => stage.events.some(({ event }) => event === 'stage_reset')));
    await host.evaluate(() => stage.forget());
    await host.evaluate(() => stage.publish());
    await flowing(session.stage, ['audio', 'video'], 1_000);
    expect(session.stage.producers().map(({ main, participant_id }) => main && participant_id)).toEqual([session.id, session.id]);
    expect(world.sessions.ofStream(stream.id)).toBe(session);
    await host.evaluate(() => stage.disconnect());
    await session.ended;
  }, 120_000);

  it('a host whose session is ended hears why', async () => {
    const stream = await world.stream();
    const host = await joinAs(stream, 'host', await tokenOf(stream.user_id));
    await host.evaluate(() => stage.publish());
    (await world.session(stream)).end('stream_ended', 'It was ended.');
    await eventually(() => host.evaluate(() => stage.events.some(({ event, reason }) => event === 'session_ended' && reason === 'stream_ended')));
    await host.evaluate(() => stage.disconnect());
  }, 120_000);
});

describe('what clients may not do', () => {
  it('is refused: others’ streams, publishing as viewer, and what is no request', async () => {
    const [stream, hidden] = [await world.stream(), await world.stream({ visibility: 'private' })];
    const stranger = await seedWorkspace(world.database.db);
    const socket = await socketOf({ token: await tokenOf(stranger.user_id) });
    expect(await ask(socket, 'join', { stream_id: stream.id, role: 'host' })).toMatchObject({ ok: false, code: 'not_found' });
    expect(await ask(socket, 'join', { stream_id: hidden.id, role: 'viewer' })).toMatchObject({ ok: false, code: 'not_found' });
    expect(await ask(socket, 'join', { stream_id: stream.id, role: 'viewer' })).toMatchObject({ ok: false, code: 'stream_not_live' });
    expect(await ask(socket, 'produce', { transport_id: 'x', kind: 'video', rtp_parameters: {} })).toMatchObject({ ok: false, code: 'media_session_gone' });
    expect(await ask(socket, 'join', { stream_id: 'no id', role: 'king' })).toMatchObject({ ok: false, code: 'validation_failed' });
    expect(await ask(socket, 'resume', { consumer_id: 'a', producer_id: 'b' })).toMatchObject({ ok: false, code: 'validation_failed' });

    const owner = await socketOf({ token: await tokenOf(stream.user_id) });
    expect(await ask(owner, 'join', { stream_id: stream.id, role: 'host' })).toMatchObject({ ok: true });
    expect(await ask(socket, 'join', { stream_id: stream.id, role: 'viewer' })).toMatchObject({ ok: true });
    expect(await ask(socket, 'createTransport', { direction: 'send' })).toMatchObject({ ok: false, code: 'forbidden' });
    expect(await ask(socket, 'invite', { user_id: stranger.user_id })).toMatchObject({ ok: false, code: 'forbidden' });
    for (let i = 0; i < 4; i++) expect(await ask(socket, 'createTransport', { direction: 'recv' })).toMatchObject({ ok: true });
    expect(await ask(socket, 'createTransport', { direction: 'recv' })).toMatchObject({ ok: false, code: 'rate_limited' });
    const made = (await ask(owner, 'createTransport', { direction: 'send' })) as { transport: { id: string } };
    expect(await ask(owner, 'produce', { transport_id: made.transport.id, kind: 'video', rtp_parameters: { codecs: 'none' } })).toMatchObject({ ok: false, code: 'validation_failed' });
    const left = cutOff(owner);
    owner.emit('join', 'x'.repeat(100_000));
    await left;
  }, 60_000);

  it('is bounded: too many requests are refused, and far too many cut off', async () => {
    const stream = await world.stream();
    const socket = await socketOf({ token: await tokenOf(stream.user_id) });
    const answers = await Promise.all(Array.from({ length: 150 }, () => ask(socket, 'capabilities')));
    expect(answers.filter(({ code }) => code === 'rate_limited')).toHaveLength(50);
    const cut = cutOff(socket);
    for (let i = 0; i < 100; i++) socket.emit('capabilities', {});
    await cut;
  }, 60_000);

  it('leaves nothing behind: a stage that was opened for a host who never published goes with them', async () => {
    const stream = await world.stream();
    const socket = await socketOf({ token: await tokenOf(stream.user_id) });
    expect(await ask(socket, 'join', { stream_id: stream.id, role: 'host' })).toMatchObject({ ok: true });
    expect(world.stages.pool.find(stream.id)).not.toBeNull();
    socket.disconnect();
    await eventually(() => world.stages.pool.find(stream.id) === null);
  }, 60_000);
});
