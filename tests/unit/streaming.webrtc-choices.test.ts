import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { forwardedAddress } from '../../domain/forwarded-address.ts';
import { atHighestLevel, h264Profile } from '../../domain/streaming/h264-profile.ts';
import { iceServerLinks, parseIceServers } from '../../domain/streaming/ice-servers.ts';
import { nextLayer } from '../../domain/streaming/layer-choice.ts';
import { leastLoaded, placeViewer } from '../../domain/streaming/placement.ts';
import { ascendingRids } from '../../domain/streaming/simulcast-order.ts';

const load = (viewers: number, stages = 0) => ({ viewers, stages });

describe('places', () => {
  test('a new stage goes to the least loaded worker that lives', () => {
    expect(leastLoaded([load(3), load(2), load(2)])).toBe(1);
    expect(leastLoaded([null, load(900)])).toBe(1);
    expect(leastLoaded([load(0, 2), load(5, 0)])).toBe(1);
    expect(leastLoaded([null, null])).toBe(-1);
    expect(leastLoaded([])).toBe(-1);
  });

  test('viewers fill the origin, then an edge, then a new one', () => {
    expect(placeViewer([0], [load(1), load(0)], 2)).toEqual({ kind: 'join', site: 0 });
    expect(placeViewer([0], [load(2), load(0)], 2)).toEqual({ kind: 'open', worker: 1 });
    expect(placeViewer([0, 1], [load(2), load(1), load(0)], 2)).toEqual({ kind: 'join', site: 1 });
    expect(placeViewer([1], [load(0), load(2), load(1)], 2)).toEqual({ kind: 'open', worker: 0 });
  });

  test('where all are full the least loaded open place takes them', () => {
    expect(placeViewer([0, 1], [load(9), load(7), load(2)], 2)).toEqual({ kind: 'join', site: 1 });
    expect(placeViewer([0], [null, load(9)], 2)).toEqual({ kind: 'join', site: 0 });
  });

  test('no worker is opened twice, nor one that is full or dead', () => {
    const workers = fc.array(fc.option(fc.record({ viewers: fc.nat(10), stages: fc.nat(3) })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(workers, fc.nat(10), fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }), (loads, limit, sites) => {
        const place = placeViewer(sites, loads, limit);
        if (place.kind === 'join') return expect(place.site).toBeLessThan(sites.length);
        expect(sites).not.toContain(place.worker);
        expect(loads[place.worker]!.viewers).toBeLessThan(limit);
      }),
    );
  });
});

describe('ICE_SERVERS', () => {
  test('are read, and told as links', () => {
    const servers = parseIceServers('stun:stun.example.com:3478, turn:turn.example.com:3478?transport=udp|me|a"b\\c ,turns:[2001:db8::1]:5349|u|p,');
    expect(servers.map(({ url }) => url)).toEqual(['stun:stun.example.com:3478', 'turn:turn.example.com:3478?transport=udp', 'turns:[2001:db8::1]:5349']);
    expect(iceServerLinks(servers).slice(0, 2)).toEqual([
      '<stun:stun.example.com:3478>; rel="ice-server"',
      '<turn:turn.example.com:3478?transport=udp>; rel="ice-server"; username="me"; credential="a\\"b\\\\c"; credential-type="password"',
    ]);
    expect(parseIceServers('')).toEqual([]);
  });

  test.each(['http://x', 'stun:a b', 'turn:turn.example.com', 'turn:t|u', 'turn:t|u|p|q', 'stun:s|u|p', 'stun:x>; rel="y"'])('%s is refused', (text) => {
    expect(() => parseIceServers(text)).toThrow('ICE_SERVERS');
  });

  test('a password is in no message', () => {
    expect(() => parseIceServers('turn:bad host|u|secret')).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }));
  });
});

describe('layers', () => {
  test('fall at once after a loss, and climb slowly', () => {
    let state = { layer: 2, since_ms: 0 };
    const at = (now_ms: number, score: number) => (state = nextLayer(state, { score, top: 2, now_ms }));
    expect(at(1_000, 3).layer).toBe(2);
    expect(at(2_000, 3).layer).toBe(1);
    expect(at(3_000, 3).layer).toBe(1);
    expect(at(4_000, 3).layer).toBe(0);
    expect(at(9_000, 0).layer).toBe(0);
    expect(at(18_000, 10).layer).toBe(0);
    expect(at(19_000, 10).layer).toBe(1);
    expect(at(40_000, 8).layer).toBe(1);
    expect(at(40_001, 10).layer).toBe(2);
    expect(at(90_000, 10).layer).toBe(2);
  });

  test('are named in many ways', () => {
    expect(ascendingRids(['f', 'h', 'q'])).toEqual(['q', 'h', 'f']);
    expect(ascendingRids(['h', 'm', 'l'])).toEqual(['l', 'm', 'h']);
    expect(ascendingRids(['h', 'f'])).toEqual(['h', 'f']);
    expect(ascendingRids(['2', '1', '0'])).toEqual(['0', '1', '2']);
    expect(ascendingRids(['x', 'a'])).toEqual(['x', 'a']);
  });
});

test.each([
  ['42e01f', 'constrained-baseline'],
  ['42c02a', 'constrained-baseline'],
  ['42001f', 'baseline'],
  ['4d001f', 'main'],
  ['640c1f', 'constrained-high'],
  ['640028', 'high'],
  ['f4001f', null],
  ['xyz', null],
] as const)('%s is %s', (id, profile) => expect(h264Profile(id)).toBe(profile));

test('the highest level keeps the profile', () => expect(h264Profile(atHighestLevel('640c1f'))).toBe('constrained-high'));

test('the caller is the socket’s other end, or whom the trusted proxies name', () => {
  expect(forwardedAddress('1.1.1.1, 2.2.2.2', '3.3.3.3', 0)).toBe('3.3.3.3');
  expect(forwardedAddress('1.1.1.1, 2.2.2.2', '3.3.3.3', 1)).toBe('2.2.2.2');
  expect(forwardedAddress('1.1.1.1', '3.3.3.3', 2)).toBeNull();
  expect(forwardedAddress(undefined, undefined, 0)).toBeNull();
});
