import { EventEmitter } from 'node:events';
import { describe, expect, jest, test } from '@jest/globals';
import type { types } from 'mediasoup';
import { pino } from 'pino';
import type { SessionEnd } from '../../domain/contracts/stream.ts';
import { AppError } from '../../domain/errors.ts';
import type { LiveSession, MediaGate, PublishGrant, SessionBook } from '../../media/live-session.ts';
import { HANDLERS } from '../../media/signalling/handlers.ts';
import { HostSession } from '../../media/signalling/host-session.ts';
import type { Rooms } from '../../media/signalling/rooms.ts';
import { Seat } from '../../media/signalling/seat.ts';
import type { Stage, StageProducer } from '../../media/stage.ts';

type Tell = (event: string, ...facts: unknown[]) => void;

const GRANT: PublishGrant = { stream_id: 'a', workspace_id: 'w', user_id: 'u', key_version: null, record: false, latency: 'low' };
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

interface FakeSession extends LiveSession {
  over: string | null;
}

function sessionOf(stage: Partial<Stage> = {}): FakeSession {
  let finish!: (end: SessionEnd) => void;
  const session = {
    id: 'session',
    stage,
    ended: new Promise<SessionEnd>((resolve) => (finish = resolve)),
    over: null as string | null,
    end(reason: SessionEnd['reason'], detail: string | null = null) {
      session.over ??= reason;
      finish({ reason, detail, at_ms: 0 });
    },
  };
  return session as unknown as FakeSession;
}

/** A session book whose claims come through when the test says so. */
function slowBook(): { sessions: SessionBook; claims: PublishGrant[]; come: (session: LiveSession) => void } {
  const claims: PublishGrant[] = [];
  let come!: (session: LiveSession) => void;
  const claimed = new Promise<LiveSession>((resolve) => (come = resolve));
  const begin = ({ grant }: { grant: PublishGrant }): Promise<LiveSession> => {
    claims.push(grant);
    return claimed;
  };
  return { sessions: { begin } as unknown as SessionBook, claims, come };
}

class FakeTransport extends EventEmitter {
  readonly id = 'transport';
  readonly observer = new EventEmitter();
  closed = false;
  make!: (made: unknown) => void;

  #making(): Promise<unknown> {
    return new Promise((resolve) => (this.make = resolve));
  }
  produce = (): Promise<unknown> => this.#making();
  consume = (): Promise<unknown> => this.#making();
  close(): void {
    this.closed = true;
    this.observer.emit('close');
  }
}

const producerOf = (id: string, kind: types.MediaKind): types.Producer => ({ id, kind, closed: false, observer: new EventEmitter(), close: jest.fn() }) as unknown as types.Producer;

function stageOf(transport = new FakeTransport()): Stage {
  const router = { closed: false, createWebRtcTransport: () => Promise.resolve(transport), canConsume: () => true };
  return {
    capabilities: {},
    origin: router,
    webRtcServerOf: () => ({}),
    edge: () => Promise.resolve({ router, reach: () => Promise.resolve('reached'), leave: () => undefined }),
    producers: () => [{ producer: producerOf('there', 'video'), participant_id: 'session', main: true }],
    add: () => undefined,
  } as unknown as Stage;
}

/** A user who owns stream a and is invited to stream b. `enter` says what comes of entering a room. */
function seatOf(sessions: SessionBook, { tell = () => undefined, stage = stageOf(), enter = () => undefined }: { tell?: Tell; stage?: Stage; enter?: (streamId: string) => void } = {}): Seat {
  const room = { stage, add: () => undefined, remove: () => undefined, onStage: [], invites: () => true };
  const rooms = {
    find: () => room,
    tidy: () => undefined,
    enter: (streamId: string) => Promise.resolve(streamId).then(enter).then(() => room),
  };
  const gate = { viewer: () => Promise.resolve({ host: null }), publisherByToken: () => Promise.resolve(GRANT) };
  return new Seat({
    ...{ sessions, tell, socket_id: 's', token: 't', remote_address: null, user_agent: null, request_id: 'r', host_id: 'h', iceServers: [] },
    identity: { kind: 'user', user_id: 'u', name: 'U' },
    gate: gate as unknown as MediaGate,
    rooms: rooms as unknown as Rooms,
    logger: pino({ level: 'silent' }),
  });
}

describe('A socket', () => {
  test('whose joining as host failed has no right to publish where it is a guest', async () => {
    const { sessions, claims } = slowBook();
    const seat = seatOf(sessions, {
      enter(streamId) {
        if (streamId === 'a') throw new AppError('media_worker_died');
      },
    });
    expect(await codeOf(seat.join('a', 'host'))).toBe('media_worker_died');
    await seat.join('b', 'guest');
    const claimed = seat.mayPublish();
    expect(claims).toEqual([]);
    expect(await claimed).toBeNull();
  });

  test.each(['closed', 'connection_lost'] as const)('that leaves (%s) while its stream is being claimed gives the stream back', async (reason) => {
    const { sessions, come } = slowBook();
    const seat = seatOf(sessions);
    await seat.join('a', 'host');
    const claimed = codeOf(seat.mayPublish());
    seat.leave(reason);
    const session = sessionOf();
    come(session);
    expect(await claimed).toBe('media_session_gone');
    expect(session.over).toBe(reason);
  });

  test('that is at another stream when its session’s end is told keeps what it has there', async () => {
    const { sessions, come } = slowBook();
    const transport = new FakeTransport();
    let tell!: Tell;
    const told = new Promise<void>((resolve) => (tell = (event) => event === 'session_ended' && resolve()));
    const seat = seatOf(sessions, { tell, stage: stageOf(transport) });
    await seat.join('a', 'host');
    const session = sessionOf();
    come(session);
    await seat.mayPublish();
    // The book takes its time to write the end.
    const { end } = session;
    session.end = () => undefined;
    seat.leave('closed');
    await seat.join('b', 'guest');
    await seat.peer().createTransport('send');
    end('closed');
    await told;
    expect(transport.closed).toBe(false);
  });
});

test('A claim that is refused after the host has left is told as it is', async () => {
  const hosting = new HostSession({
    ...{ grant: GRANT, remote_address: null, user_agent: null, request_id: 'r', onEnded: () => undefined },
    sessions: { begin: () => Promise.reject(new AppError('stream_over')) } as unknown as SessionBook,
  });
  const claimed = codeOf(hosting.begin());
  hosting.end('closed');
  expect(await claimed).toBe('stream_over');
});

describe('What a transport was asked to make', () => {
  test.each(['produce', 'consume'] as const)('is closed where the transport closed meanwhile (%s)', async (verb) => {
    const transport = new FakeTransport();
    const seat = seatOf(slowBook().sessions, { stage: stageOf(transport) });
    await seat.join('b', 'guest');
    const peer = seat.peer();
    await peer.createTransport(verb === 'produce' ? 'send' : 'recv');
    const asked = verb === 'produce' ? peer.produce(transport.id, { kind: 'video', rtpParameters: { codecs: [] } }) : peer.consume(transport.id, 'there', {});
    const refused = codeOf(asked);
    for (let turns = 0; !transport.make && turns < 100; turns++) await Promise.resolve();
    transport.close();
    const made = producerOf('made', 'video');
    transport.make(made);
    expect(await refused).toBe('media_session_gone');
    expect(made.close).toHaveBeenCalledTimes(1);
  });
});

describe('A host’s picture', () => {
  const entry = (id: string, main: boolean, participant_id = 'session'): StageProducer => ({ producer: producerOf(id, 'video'), main, participant_id });

  test.each([
    ['is the main one beside nothing', [], true],
    ['is beside the main one where that is there', [entry('camera', true)], false],
    ['is the main one again beside a shared screen alone', [entry('screen', false, 's')], true],
  ])('%s', async (_, there, main) => {
    const session = sessionOf({ producers: () => there });
    const shown: StageProducer[] = [];
    const peer = { id: 's', produce: () => Promise.resolve(producerOf('new', 'video')) };
    const seat = { peer: () => peer, mayPublish: () => Promise.resolve(session), show: (given: StageProducer) => void shown.push(given) };
    expect(await HANDLERS.produce(seat as unknown as Seat, { transport_id: 't', kind: 'video', rtp_parameters: { codecs: [] } })).toEqual({ producer_id: 'new', main });
    expect(shown).toMatchObject([{ main, participant_id: main ? 'session' : 's' }]);
  });
});
