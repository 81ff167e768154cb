import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { envSchema, parseEnv } from '../../config/env.ts';
import { asked, exposedByUs } from '../helpers/metric-names.ts';
import { importsOf } from '../helpers/imports.ts';
import { dirname, join, normalize } from 'node:path';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

interface Service {
  ports?: string[];
  profiles?: string[];
  image?: string;
  restart?: string;
  environment?: Record<string, string>;
  volumes?: string[];
  healthcheck?: object;
  depends_on?: Record<string, { condition: string }>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);
const OURS = ['api', 'worker-live', 'worker-actions', 'worker-publish', 'worker-shop', 'worker-media', 'worker-social'];
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

  test('publishes a port, UDP and TCP, for each mediasoup worker', () => {
    const { ports = [] } = compose.services['worker-media']!;
    const { MEDIA_WORKERS, MEDIA_RTC_PORT } = environmentOf('worker-media');
    for (const protocol of ['udp', 'tcp']) {
      const [, first, last] = ports.map((port) => new RegExp(`(\\d+)-(\\d+):\\1-\\2/${protocol}$`).exec(filledIn(port))).find((match) => match !== null)!;
      expect([Number(first), Number(last) - Number(first) + 1]).toEqual([Number(MEDIA_RTC_PORT), Number(MEDIA_WORKERS)]);
    }
  });

  test('is scraped in every process of ours', () => {
    const { scrape_configs } = parse(read('deploy/prometheus/prometheus.yml')) as { scrape_configs: { job_name: string; dns_sd_configs?: { names: string[]; port: number }[] }[] };
    for (const name of OURS) {
      const port = Number(environmentOf(name)[name === 'api' ? 'PORT' : 'METRICS_PORT']);
      expect(scrape_configs.find(({ job_name }) => job_name === name)?.dns_sd_configs).toEqual([{ names: [name], type: 'A', port }]);
    }
  });

  test('pins every foreign image', () => {
    const images = services.map(([, { image = '' }]) => filledIn(image)).filter((image) => !image.startsWith('showrunner:'));
    expect(images.filter((image) => !/:v?\d/.test(image))).toEqual([]);
  });
});

describe('what the containers read', () => {
  test.each(['prometheus/prometheus.yml', 'prometheus/alerts.yml', 'grafana/datasources.yml', 'grafana/dashboards.yml', 'temporal/dynamic-config.yml'])('deploy/%s is YAML', (path) => {
    expect(parse(read(`deploy/${path}`))).toEqual(expect.any(Object));
  });

  test('dashboards and alerts ask for metrics that exist', () => {
    const exposed = exposedByUs();
    const ours = asked().filter((name) => !name.startsWith('temporal_'));
    // Those of the Temporal SDK exist only where it runs: tests/integration/metrics.test.ts.
    expect(ours.filter((name) => !exposed.has(name))).toEqual([]);
    expect(ours.length).toBeGreaterThan(30);
  });

  test('nginx-rtmp tells the API, by a path that is there, of publishers and players', () => {
    const told = [...read('deploy/nginx-rtmp/nginx.conf').matchAll(/^\s*(on_\w+) http:\/\/api:8080(\S+);/gm)].map(([, event, path]) => [event, path]);
    expect(told.map(([event]) => event)).toEqual(['on_publish', 'on_publish_done', 'on_play', 'on_update']);
    for (const [, path] of told) expect(read('api/routes/stream-event.ts')).toContain(`path: '${path}'`);
    // An encoder with a rotated key is found out by this.
    expect(Number(/^\s*notify_update_timeout (\d+)s;/m.exec(read('deploy/nginx-rtmp/nginx.conf'))?.[1])).toBeLessThanOrEqual(10);
  });
});

describe('Dockerfile', () => {
  test('has, where the mediasoup worker is made, all that this takes', () => {
    const stage = read('Dockerfile').split(/^FROM /m)[1]!;
    const copied = [...stage.matchAll(/^COPY (\S+) \S+$/gm)].map(([, source]) => source!);
    const needed = new Set<string>();
    const visit = (file: string): void => {
      if (needed.has(file)) return;
      needed.add(file);
      for (const { specifier } of importsOf(ROOT, file)) if (specifier.startsWith('.')) visit(normalize(join(dirname(file), specifier)));
    };
    visit('scripts/media/worker-binary.ts');
    visit('scripts/media/check-worker.ts');
    expect([...needed].filter((file) => !copied.some((source) => file === source || file.startsWith(`${source}/`)))).toEqual([]);
    expect(stage).toContain('scripts/media/worker-binary.ts');
  });
});
