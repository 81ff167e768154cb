import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { envSchema, parseEnv } from '../../config/env.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

interface Service {
  image?: string;
  restart?: string;
  environment?: Record<string, string>;
  volumes?: string[];
  healthcheck?: object;
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);
const OURS = ['api', 'worker-live', 'worker-actions', 'worker-publish', 'worker-shop'];
const GIVEN: Record<string, string> = { POSTGRES_PASSWORD: 'secret', MQTT_PASSWORD: 'secret', RABBITMQ_PASSWORD: 'secret', JWT_SECRET: 'j'.repeat(32), TOKEN_ENCRYPTION_KEY: 'ab'.repeat(32) };

/** ${NAME:-default} and ${NAME:?message}, as compose fills them in. */
const filledIn = (value: string): string =>
  value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string | undefined, rest: string) => GIVEN[name] ?? (kind === '-' ? rest : ''));

const environmentOf = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(compose.services[name]!.environment ?? {}).map(([variable, value]) => [variable, filledIn(value)]));

describe('docker-compose.yml', () => {
  test('has every part of production', () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining(['postgres', 'temporal', 'temporal-ui', 'mosquitto', 'redis', 'rabbitmq', 'prometheus', 'grafana', ...OURS]),
    );
  });

  test.each(OURS)('%s gets a complete environment of variables that exist', (name) => {
    const environment = environmentOf(name);
    expect(() => parseEnv(environment)).not.toThrow();
    expect(Object.keys(environment).filter((variable) => !(variable in envSchema.shape))).toEqual([]);
  });

  test('waits by health checks: whatever is waited for has one, whatever runs on restarts', () => {
    const awaited = services.flatMap(([, { depends_on = {} }]) => Object.entries(depends_on));
    for (const [name, { condition }] of awaited) {
      if (condition === 'service_healthy') expect([name, compose.services[name]!.healthcheck]).toEqual([name, expect.any(Object)]);
    }
    const once = new Set(awaited.filter(([, { condition }]) => condition === 'service_completed_successfully').map(([name]) => name));
    expect(services.filter(([name, { restart }]) => !once.has(name) && restart !== 'unless-stopped').map(([name]) => name)).toEqual([]);
  });

  test('mounts files that exist and volumes that it declares', () => {
    const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
    const missing = sources.filter((source) => (source.startsWith('./') ? !existsSync(`${ROOT}/${source}`) : !(source in compose.volumes)));
    expect(missing).toEqual([]);
  });

  test('pins every foreign image', () => {
    const images = services.map(([, { image = '' }]) => filledIn(image)).filter((image) => !image.startsWith('showrunner:'));
    expect(images.filter((image) => !/:v?\d/.test(image))).toEqual([]);
  });
});

describe('what the containers read', () => {
  test.each(['prometheus/prometheus.yml', 'grafana/datasources.yml', 'grafana/dashboards.yml', 'temporal/dynamic-config.yml'])('deploy/%s is YAML', (path) => {
    expect(parse(read(`deploy/${path}`))).toEqual(expect.any(Object));
  });

  test('the dashboard asks for metrics that exist', () => {
    const asked = new Set([...read('deploy/grafana/dashboards/showrunner.json').matchAll(/showrunner_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, '')));
    const sources = read('api/metrics.ts') + read('workers/metrics.ts');
    expect([...asked].filter((name) => !sources.includes(`'${name}'`))).toEqual([]);
    expect(asked.size).toBeGreaterThan(3);
  });
});
