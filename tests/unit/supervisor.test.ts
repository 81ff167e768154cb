import { describe, expect, test } from '@jest/globals';
import { percentile } from '../../scripts/demo/tally.ts';
import { banner } from '../../scripts/supervisor/banner.ts';
import { shortForm } from '../../scripts/supervisor/output.ts';
import { endpointOf } from '../../scripts/supervisor/reachable.ts';
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
  };

  test('says when TikTok is the real one, and shows no password', () => {
    const text = banner({ running, dataDir: '.data', privateWebhooks: false });
    expect(text).toContain('the real one');
    expect(text).not.toContain('secret');
    expect(text).not.toContain('npm run demo');
  });

  test('says that private webhooks are allowed in the sandbox', () => {
    expect(banner({ running: { ...running, sandbox_url: 'http://127.0.0.1:1' }, dataDir: '.data', privateWebhooks: true })).toContain('ALLOW_PRIVATE_WEBHOOKS');
  });
});
