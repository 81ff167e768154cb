import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'sdp-transform';
import { AppError } from '../../domain/errors.ts';
import { mediaHttp } from '../../media/http/app.ts';
import type { MediaContext } from '../../workers/media/parts.ts';
import { createWebrtcPart } from '../../workers/media/webrtc.ts';
import { parseEnv } from '../../config/env.ts';
import { pino } from 'pino';
import { eventually } from '../helpers/eventually.ts';
import { OBS_OFFER, obsDelete, obsPost, playerOffer } from '../helpers/obs-whip.ts';
import { openWebRtcWorld, type WebRtcWorld } from '../helpers/webrtc-world.ts';

const LINKS = ['<stun:stun.example.com:3478>; rel="ice-server"', '<turn:turn.example.com>; rel="ice-server"; username="u"; credential="p"; credential-type="password"'];
let world: WebRtcWorld;

beforeAll(async () => {
  world = await openWebRtcWorld({ links: LINKS, connectMs: 2_000 });
}, 60_000);

afterAll(async () => world.close());

const SDP = { 'Content-Type': 'application/sdp' };
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const whip = (id: string, { path = '/whip', headers = {}, body = OBS_OFFER }: { path?: string; headers?: Record<string, string>; body?: string } = {}) =>
  fetch(world.url + path, { method: 'POST', headers: { ...SDP, ...bearer(`sk_${id}`), ...headers }, body });
const whep = (id: string, { query = '', headers = {}, body = playerOffer() }: { query?: string; headers?: Record<string, string>; body?: string } = {}) =>
  fetch(`${world.url}/whep/${id}${query}`, { method: 'POST', headers: { ...SDP, ...headers }, body, redirect: 'manual' });
const refusal = async (response: Response) => ({ status: response.status, ...((await response.json()) as { code: string; detail: string }) });
const patch = (location: string, headers: Record<string, string>, body = 'a=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n') =>
  fetch(world.url + location, { method: 'PATCH', headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', ...headers }, body });
const RESTART = 'a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n';

/** Sends bytes as they are and reads the whole answer. */
async function raw(bytes: string): Promise<{ head: string; body: string }> {
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.setEncoding('utf8').on('data', (data: string) => (answer += data));
  socket.write(bytes);
  try {
    await eventually(() => {
      const [head, body] = answer.split('\r\n\r\n', 2);
      const length = Number(/^content-length: (\d+)/im.exec(head ?? '')?.[1] ?? Number.NaN);
      return body !== undefined && (Buffer.byteLength(answer.slice(head!.length + 4)) >= length || answer.endsWith('0\r\n\r\n'));
    });
  } finally {
    socket.destroy();
  }
  const at = answer.indexOf('\r\n\r\n');
  return { head: answer.slice(0, at), body: answer.slice(at + 4) };
}

describe('OBS, byte for byte', () => {
  test.each(['/whip', '/whip/'])('publishes to %s and leaves by DELETE', async (path) => {
    const id = world.stream();
    const host = new URL(world.url).host;
    const { head, body } = await raw(obsPost(path, host, `sk_${id}`));
    expect(head).toMatch(/^HTTP\/1\.1 201 /);
    expect(head).toMatch(/^content-type: application\/sdp$/im);
    const location = /^location: (.+)$/im.exec(head)![1]!;
    expect(location).toMatch(new RegExp(`^/whip/${id}/[\\w-]{32}$`));
    // OBS looks for v=0 and hands the rest to libdatachannel.
    const answer = parse(body.slice(body.indexOf('v=0')));
    expect(answer.media.map(({ type, port, payloads, direction, setup }) => ({ type, port, payloads: String(payloads), direction, setup }))).toEqual([
      { type: 'audio', port: 9, payloads: '111', direction: 'recvonly', setup: 'passive' },
      { type: 'video', port: 9, payloads: '96', direction: 'recvonly', setup: 'passive' },
    ]);
    expect(answer.media[0]!.candidates!.map(({ transport, ip }) => `${transport} ${ip}`)).toEqual(['udp 127.0.0.1', 'tcp 127.0.0.1']);
    const session = world.sessions.begun.at(-1)!;
    expect((await raw(obsDelete(location, host, `sk_${id}`))).head).toMatch(/^HTTP\/1\.1 200 /);
    await eventually(() => session.over);
    expect(session.over).toMatchObject({ reason: 'closed' });
    expect((await raw(obsDelete(location, host, `sk_${id}`))).head).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('POST /whip', () => {
  test('answers with everything that RFC 9725 names', async () => {
    const response = await whip(world.stream());
    expect(response.status).toBe(201);
    expect(response.headers.get('etag')).toMatch(/^"[^"]+"$/);
    expect(response.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
    expect(response.headers.get('link')).toBe(LINKS.join(', '));
    expect(response.headers.get('access-control-expose-headers')).toContain('Location');
    expect(response.headers.get('etag')).toBe(`"${parse(await response.text()).media[0]!.iceUfrag}"`);
  });

  test.each([
    ['no key', { Authorization: '' }, 401, 'stream_key_missing'],
    ['an unknown key', { Authorization: 'Bearer sk_nobody' }, 403, 'stream_key_unknown'],
    ['another scheme', { Authorization: 'Basic abc' }, 401, 'stream_key_missing'],
    ['another content type', { 'Content-Type': 'application/json' }, 415, 'unsupported_media_type'],
  ])('refuses %s', async (_, headers, status, code) => {
    const response = await whip(world.stream(), { headers });
    expect(response.headers.get('www-authenticate')).toEqual(status === 401 ? expect.stringMatching(/^Bearer realm=/) : null);
    expect(await refusal(response)).toMatchObject({ status, code });
  });

  test('refuses what is too large, malformed, or of an odd codec, and claims no stream for it', async () => {
    const id = world.stream();
    const before = world.sessions.begun.length;
    expect(await refusal(await whip(id, { body: OBS_OFFER + 'a=x\r\n'.repeat(20_000) }))).toMatchObject({ status: 413, code: 'payload_too_large' });
    expect(await refusal(await whip(id, { body: 'v=0\r\n' }))).toMatchObject({ status: 400, code: 'sdp_invalid', detail: expect.stringContaining('m= line') });
    expect(await refusal(await whip(id, { body: OBS_OFFER.replace('H264/90000', 'AV1/90000') }))).toMatchObject({ status: 422, code: 'codec_unsupported', detail: expect.stringContaining('VP8') });
    expect(await refusal(await whip(id, { body: playerOffer() }))).toMatchObject({ status: 400, detail: expect.stringContaining('sendonly') });
    expect(world.sessions.begun).toHaveLength(before);
  });

  test('takes one encoder a stream, and says when to come again', async () => {
    const id = world.stream();
    expect((await whip(id)).status).toBe(201);
    const second = await whip(id);
    expect(second.headers.get('retry-after')).toBe('5');
    expect(await refusal(second)).toMatchObject({ status: 409, code: 'stream_busy' });
  });

  test('of a stream goes by its key and by its owner’s token, not by another stream’s key', async () => {
    const [id, other] = [world.stream(), world.stream()];
    expect((await whip(id, { path: `/whip/${id}/` })).status).toBe(201);
    world.sessions.ofStream(id)!.end('closed');
    expect((await whip(id, { path: `/whip/${id}`, headers: bearer(`token-${id}`) })).status).toBe(201);
    expect(await refusal(await whip(id, { path: `/whip/${other}` }))).toMatchObject({ status: 403, code: 'stream_key_unknown' });
    const expired = await whip(id, { path: `/whip/${other}`, headers: bearer(`token-${id}`) });
    expect(expired.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(await refusal(expired)).toMatchObject({ status: 401, code: 'token_expired' });
  });

  test('says what the session book says', async () => {
    world.sessions.refuse = new AppError('media_full');
    try {
      const response = await whip(world.stream());
      expect(response.headers.get('retry-after')).toBe('10');
      expect(await refusal(response)).toMatchObject({ status: 503, code: 'media_full' });
    } finally {
      world.sessions.refuse = null;
    }
  });

  test('ends a session that never connects, and makes no stream live by it', async () => {
    const id = world.stream();
    const response = await whip(id);
    const session = world.sessions.begun.at(-1)!;
    expect(await refusal(await whep(id))).toMatchObject({ status: 404, code: 'stream_not_live' });
    await eventually(() => session.over);
    expect(session.over).toMatchObject({ reason: 'connection_lost', detail: expect.stringContaining('never connected') });
    expect(session.announced).toBe(false);
    expect(session.stage.producers()).toEqual([]);
    await eventually(async () => (await fetch(world.url + response.headers.get('location')!, { method: 'DELETE' })).status === 404);
  });

  test('lets one address have so many encoders and no more', async () => {
    const answers = await Promise.all(Array.from({ length: 25 }, () => whip(world.stream())));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(5);
    expect(limited[0]!.headers.get('retry-after')).toBe('10');
    for (const session of world.sessions.all()) session.end('closed');
    await eventually(async () => (await whip(world.stream())).status === 201);
    for (const session of world.sessions.all()) session.end('closed');
  });
});

describe('a session’s URL', () => {
  test('takes candidates by its ETag, and restarts ICE for * or new credentials', async () => {
    const response = await whip(world.stream());
    const location = response.headers.get('location')!;
    const etag = response.headers.get('etag')!;
    expect((await patch(location, { 'If-Match': etag })).status).toBe(204);
    expect((await patch(location, { 'If-Match': etag }, `a=ice-ufrag:nxcM\r\na=ice-pwd:ezjAjgSSLLvbRhUA1zc6Se\r\n`)).status).toBe(204);
    const restarted = await patch(location, { 'If-Match': '*' }, RESTART);
    expect(restarted.status).toBe(200);
    expect(restarted.headers.get('content-type')).toBe('application/trickle-ice-sdpfrag');
    const fresh = restarted.headers.get('etag')!;
    expect(fresh).not.toBe(etag);
    const fragment = await restarted.text();
    expect(fragment).toContain(`a=ice-ufrag:${fresh.slice(1, -1)}\r\n`);
    expect(fragment).toContain('a=candidate:');
    expect(await refusal(await patch(location, { 'If-Match': etag }))).toMatchObject({ status: 412, code: 'media_etag' });
    const again = await patch(location, { 'If-Match': fresh }, RESTART.replace('EsAw', 'Other'));
    expect(again.status).toBe(200);
    expect(again.headers.get('etag')).not.toBe(fresh);
  });

  test('refuses what is no fragment, or comes without its ETag', async () => {
    const location = (await whip(world.stream())).headers.get('location')!;
    expect(await refusal(await patch(location, {}))).toMatchObject({ status: 428, code: 'media_etag_missing' });
    expect(await refusal(await patch(location, { 'If-Match': '*' }))).toMatchObject({ status: 400, code: 'sdp_invalid' });
    expect(await refusal(await patch(location, { 'If-Match': '*' }, 'nonsense'))).toMatchObject({ status: 400, code: 'sdp_invalid' });
    expect(await refusal(await patch(location, { 'If-Match': '*', 'Content-Type': 'application/sdp' }))).toMatchObject({ status: 415 });
    expect(await refusal(await patch(`${location}x`, { 'If-Match': '*' }, RESTART))).toMatchObject({ status: 404, code: 'media_session_gone' });
  });

  test.each(['GET', 'PUT', 'POST'])('and the endpoints take no %s that is not theirs', async (method) => {
    const location = (await whip(world.stream())).headers.get('location')!;
    for (const path of method === 'POST' ? [location] : [location, '/whip', `/whip/${world.stream()}`, `/whep/${world.stream()}`]) {
      const response = await fetch(world.url + path, { method });
      expect(response.headers.get('allow')).toContain('OPTIONS');
      expect(await refusal(response)).toMatchObject({ status: 405, code: 'method_not_allowed' });
    }
    expect((await fetch(`${world.url}/whip`, { method: 'HEAD' })).status).toBe(405);
  });

  test('tells what may be posted', async () => {
    for (const path of ['/whip', '/whip/', `/whep/${world.stream()}`]) {
      const response = await fetch(world.url + path, { method: 'OPTIONS', headers: { Origin: 'https://studio.example', 'Access-Control-Request-Method': 'POST' } });
      expect(response.status).toBe(204);
      expect(response.headers.get('accept-post')).toBe('application/sdp');
      expect(response.headers.get('access-control-allow-methods')).toContain('PATCH');
    }
  });

  test('stands under the path that a proxy gives this host', async () => {
    const behind = await openWebRtcWorld({ host: { id: 'this-host', public_url: 'https://example.com/media/' } });
    try {
      const id = behind.stream();
      const response = await fetch(`${behind.url}/whip`, { method: 'POST', headers: { ...SDP, ...bearer(`sk_${id}`) }, body: OBS_OFFER });
      expect(response.headers.get('location')).toMatch(new RegExp(`^/media/whip/${id}/`));
    } finally {
      await behind.close();
    }
  });
});

describe('POST /whep', () => {
  test('takes an offer with the picture first and the sound at 100, where mediasoup’s own numbers begin', async () => {
    const id = world.stream();
    await world.stages.feed(await world.stages.pool.open(id));
    const [head, sound, picture] = playerOffer({ opus: 100 }).split(/(?=m=)/);
    const response = await whep(id, { body: `${head}${picture}${sound}` });
    expect(response.status).toBe(201);
    expect(parse(await response.text()).media).toMatchObject([
      { type: 'video', payloads: 102 },
      { type: 'audio', payloads: 100 },
    ]);
  });

  test('answers with the viewer’s own payload types', async () => {
    const id = world.stream();
    const stage = await world.stages.pool.open(id);
    const source = await world.stages.feed(stage);
    const response = await whep(id, { body: playerOffer({ opus: 63, h264: 39 }) });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toMatch(new RegExp(`^/whep/${id}/[\\w-]{32}$`));
    const answer = parse(await response.text());
    expect(answer.media).toMatchObject([
      { type: 'audio', payloads: 63, direction: 'sendonly', setup: 'passive', msid: [{ id: 'stream', appdata: 'audio' }] },
      { type: 'video', payloads: 39, direction: 'sendonly', rtp: [{ payload: 39, codec: 'H264', rate: 90_000 }] },
    ]);
    expect(answer.media[0]!.ext).toBeUndefined();
    expect(answer.media[1]!.ssrcs).toBeUndefined();
    expect(stage.viewers()).toBe(1);
    expect((await fetch(world.url + response.headers.get('location')!, { method: 'DELETE' })).status).toBe(200);
    await eventually(() => stage.viewers() === 0);

    // A viewer who never connects is dropped, too.
    expect((await whep(id)).status).toBe(201);
    expect(stage.viewers()).toBe(1);
    await eventually(() => stage.viewers() === 0);

    expect(await refusal(await whep(id, { body: playerOffer().replace('42e01f', '640c1f') }))).toMatchObject({ status: 422, code: 'codec_unsupported', detail: expect.stringContaining('42e01f') });
    expect(await refusal(await whep(id, { body: playerOffer({ opus: 102, h264: 102 }) }))).toMatchObject({ status: 400, code: 'sdp_invalid' });
    expect(await refusal(await whep(id, { body: OBS_OFFER }))).toMatchObject({ status: 400, detail: expect.stringContaining('recvonly') });
    expect(stage.viewers()).toBe(0);
    await source.stop();
    expect(await refusal(await whep(id))).toMatchObject({ status: 404, code: 'stream_not_live' });
  }, 60_000);

  test('without an encoder says so, and when to ask again', async () => {
    const response = await whep(world.stream());
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await refusal(response)).toMatchObject({ status: 404, code: 'stream_not_live' });
  });

  test('of an unknown stream, or a private one without its token', async () => {
    expect(await refusal(await whep('nothing'))).toMatchObject({ status: 404, code: 'not_found' });
    const id = world.stream({ visibility: 'private' });
    const refused = await whep(id);
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
    expect(await refusal(refused)).toMatchObject({ status: 401, code: 'unauthenticated' });
    for (const allowed of [{ query: `?token=token-${id}` }, { headers: bearer(`token-${id}`) }]) expect(await refusal(await whep(id, allowed))).toMatchObject({ code: 'stream_not_live' });
  });

  test('leads to the host that holds the stream, with its token', async () => {
    const id = world.stream({ host: { id: 'other-host', public_url: 'https://other.example/media/' } });
    const response = await whep(id, { query: '?token=abc' });
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe(`https://other.example/media/whep/${id}?token=abc`);
  });
});

test('no offer, however broken, is a fault of ours', async () => {
  const lines = OBS_OFFER.split('\r\n');
  const seen = new Set<number>();
  const change = fc.record({ at: fc.integer({ min: 1, max: lines.length - 2 }), how: fc.constantFrom('drop', 'repeat', 'swap', 'cut', 'number'), by: fc.nat(5_000_000_000) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const text = changes.reduce((some, { at, how, by }) => mutate(some, Math.min(at, some.length - 1), how, by), lines).join('\r\n');
      const response = await whip(world.stream(), { body: text });
      seen.add(response.status);
      expect([201, 400, 422]).toContain(response.status);
      for (const session of world.sessions.all()) session.end('closed');
    }),
    { numRuns: 300 },
  );
  // Else the changes would be too small, or too large, to say anything.
  expect([...seen].toSorted()).toEqual(expect.arrayContaining([201, 400]));
}, 120_000);

function mutate(lines: readonly string[], at: number, how: string, by: number): string[] {
  const line = lines[at] ?? '';
  switch (how) {
    case 'drop':
      return lines.toSpliced(at, 1);
    case 'repeat':
      return lines.toSpliced(at, 0, line);
    case 'swap':
      return lines.toSpliced(at, 1, lines[by % lines.length]!).toSpliced(by % lines.length, 1, line);
    case 'cut':
      return lines.toSpliced(at, 1, line.slice(0, by % (line.length + 1)));
    default:
      return lines.toSpliced(at, 1, line.replace(/\d+/, String(by)));
  }
}

test('a host without mediasoup says which command gets it', async () => {
  const http = mediaHttp(pino({ level: 'silent' }));
  createWebrtcPart({ context: { env: parseEnv({}) }, stages: null, http } as unknown as MediaContext);
  for (const path of ['/whip', '/whip/x', '/whep/x']) {
    const response = await http.request(path, { method: 'POST' });
    expect(await refusal(response)).toMatchObject({ status: 501, code: 'feature_off', detail: expect.stringContaining('npm run setup:media') });
  }
});
