import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { percentile } from '../../scripts/demo/tally.ts';
import { banner } from '../../scripts/supervisor/banner.ts';
import { whatIsOff } from '../../scripts/supervisor/media.ts';
import { shortForm } from '../../scripts/supervisor/output.ts';
import { demandRow, PortBook } from '../../scripts/supervisor/ports.ts';
import { endpointOf } from '../../scripts/supervisor/reachable.ts';
import { metricsPort } from '../../scripts/supervisor/roles.ts';
import { reasonOf } from '../../scripts/supervisor/start-error.ts';

describe('what the terminal shows of a child', () => {
  test.each([
    ['{"level":30,"msg":"worker ready"}', null],
    ['{"level":40,"msg":"Temporal does not answer","err":{"message":"connect ECONNREFUSED"}}', 'Temporal does not answer: connect ECONNREFUSED'],
    ['{"level":50,"msg":"two\\nlines"}', 'two lines'],
    ['{"broken', null],
    ['TypeError: x is not a function', 'TypeError: x is not a function'],
    ['    at main (file.ts:1:1)', null],
  ])('%s', (line, shown) => {
    expect(shortForm(line)).toBe(shown);
  });
});

test('an endpoint is the host and port of a URL, with the usual port where it names none', () => {
  expect(endpointOf('PostgreSQL', 'DATABASE_URL', 'postgres://me:secret@db.internal/live', 5432)).toMatchObject({ host: 'db.internal', port: 5432 });
  expect(endpointOf('Temporal', 'TEMPORAL_ADDRESS', 'temporal:7233', 7233)).toMatchObject({ host: 'temporal', port: 7233 });
  expect(endpointOf('MQTT', 'MQTT_URL', 'mqtt://[::1]:1884', 1883)).toMatchObject({ host: '::1', port: 1884 });
});

test('a reason is found in the innermost error that has words', () => {
  expect(reasonOf(new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]))).toBe('connect ECONNREFUSED 127.0.0.1:1');
  expect(reasonOf(new Error('', { cause: new Error('inner') }))).toBe('inner');
});

test('each role gets a port of its own for its metrics, from METRICS_PORT on', () => {
  expect((['live', 'actions', 'media'] as const).map((role) => metricsPort('9464', role))).toEqual([{ METRICS_PORT: '9464' }, { METRICS_PORT: '9465' }, { METRICS_PORT: '9468' }]);
  expect([metricsPort(undefined, 'live'), metricsPort('', 'live'), metricsPort('0', 'live')]).toEqual([{}, {}, {}]);
});

test('a percentile is the smallest value that the share does not exceed', () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([percentile(sorted, 0.5), percentile(sorted, 0.99), percentile([7], 0.5), percentile([], 0.5)]).toEqual([50, 99, 7, null]);
});

describe('the banner', () => {
  const running = {
    api_url: 'http://127.0.0.1:8080',
    docs_url: 'http://127.0.0.1:8080/docs',
    temporal_address: '127.0.0.1:7233',
    temporal_ui_url: 'http://127.0.0.1:8233',
    mqtt_url: 'mqtt://user:secret@broker:1883',
    sandbox_url: null,
    amqp_url: null,
    order_service_url: null,
    media_url: 'http://127.0.0.1:8090',
    rtmp_url: 'rtmp://127.0.0.1:1935/live',
    streams_off: null,
  };

  test('says when TikTok is the real one, and shows no password', () => {
    const text = banner({ running, dataDir: '.data', privateWebhooks: false });
    expect(text).toContain('the real one');
    expect(text).not.toContain('secret');
    expect(text).not.toContain('npm run demo');
  });

  test('says where to publish and where to watch', () => {
    const text = banner({ running, dataDir: '.data', privateWebhooks: false });
    for (const said of ['http://127.0.0.1:8090', 'rtmp://127.0.0.1:1935/live', '/studio/{id}', '/watch/{id}']) expect(text).toContain(said);
    expect(text).not.toContain('setup:media');
  });

  test.each([
    [false, true, /Streams +off, no mediasoup worker\. To turn them on: npm run setup:media/],
    [false, false, /Streams +off, no mediasoup worker and no ffmpeg\. To turn them on: npm run setup:media/],
    [true, false, /Streams, off +RTMP, HLS and recordings: off, no ffmpeg\. To turn them on: npm run setup:media/],
  ])('says what of streams is off and how to turn it on (mediasoup %s, ffmpeg %s)', (worker, ffmpeg, words) => {
    const media_url = worker ? running.media_url : null;
    const text = banner({ running: { ...running, media_url, rtmp_url: null, streams_off: whatIsOff(worker, ffmpeg) }, dataDir: '.data', privateWebhooks: false });
    expect(text).toMatch(words);
    expect(text).not.toContain('rtmp:');
    expect(text.includes('WHIP')).toBe(worker);
  });

  test('says that private webhooks are allowed in the sandbox', () => {
    expect(banner({ running: { ...running, sandbox_url: 'http://127.0.0.1:1' }, dataDir: '.data', privateWebhooks: true })).toContain('ALLOW_PRIVATE_WEBHOOKS');
  });
});

describe('ports in a row', () => {
  let folder: string;
  let taken: Socket;
  let port: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'showrunner-ports-'));
    taken = createSocket('udp4').bind(0, '127.0.0.1');
    await once(taken, 'listening');
    ({ port } = taken.address());
  });
  afterAll(() => {
    taken.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('give way to others where UDP has one of them in use, and are the same after a restart', async () => {
    const file = join(folder, 'ports.json');
    const first = await new PortBook(file).takeRow('media-rtc', port - 1, 2, '127.0.0.1');
    expect(first === port - 1 || first === port).toBe(false);
    expect(await new PortBook(file).takeRow('media-rtc', port - 1, 2, '127.0.0.1')).toBe(first);
  });

  test('are refused by the name of their variable where a person asked for them', async () => {
    await expect(demandRow('MEDIA_RTC_PORT', port, 2)).rejects.toThrow(new RegExp(`Port ${port} is in use: .*MEDIA_RTC_PORT`));
  });
});
