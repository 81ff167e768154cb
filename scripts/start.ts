import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnvError, parseEnv, tiktokUrls, type Env } from '../config/env.ts';
import { announceReady } from '../config/lifecycle.ts';
import { ROLES } from '../domain/names.ts';
import { buildWorkflowBundle } from '../workers/workflow-bundle.ts';
import { banner } from './supervisor/banner.ts';
import { Fleet } from './supervisor/fleet.ts';
import { lockDataDir } from './supervisor/lock.ts';
import { planMedia } from './supervisor/media.ts';
import { demandPort, PortBook } from './supervisor/ports.ts';
import { startApi, startSandbox, startWorker } from './supervisor/roles.ts';
import { endFormerStart, removeRunning, writeRunning, type Running } from './supervisor/running.ts';
import { loadSecrets } from './supervisor/secrets.ts';
import { bootServices, type Services } from './supervisor/services.ts';
import { planSocial } from './supervisor/social.ts';
import { onStop } from './supervisor/stop-signals.ts';
import { StartError } from './supervisor/start-error.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): void => console.log(`  ${line}`);

type Urls = Omit<Running, 'pid' | 'processes'>;

/** Where it lies below the working folder, a folder is shown as a person would type it. */
const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
};

async function main(): Promise<void> {
  const dotEnv = join(ROOT, '.env');
  if (existsSync(dotEnv)) process.loadEnvFile(dotEnv);
  const env = parseEnv(process.env);
  const dataDir = resolve(ROOT, env.DATA_DIR);
  const logDir = join(dataDir, 'logs');
  makeFolders(dataDir, logDir);
  const unlock = lockDataDir(dataDir, 'scripts/start.ts');
  const urls: Urls = { api_url: '', docs_url: '', temporal_address: '', temporal_ui_url: null, mqtt_url: '', sandbox_url: null, amqp_url: null, order_service_url: null, media_url: null, rtmp_url: null, streams_off: null };
  const note = (): void => writeRunning(dataDir, urls, fleet.members);
  const fleet = new Fleet({ say, ownGroup: true, onChange: note });
  const stop = onStop(async () => {
    await fleet.stop();
    removeRunning(dataDir);
    unlock();
  });
  try {
    console.log('Showrunner starts.');
    Object.assign(urls, await boot(env, dataDir, logDir, fleet));
    note();
    console.log(banner({ running: urls, dataDir: shown(dataDir), privateWebhooks: allowsPrivateWebhooks(env, urls.sandbox_url) }));
    announceReady({ url: urls.api_url });
  } catch (error) {
    if (!stop.requested) console.error(error instanceof StartError ? error.message : error);
    await stop.now(1);
  }
}

function makeFolders(dataDir: string, logDir: string): void {
  if (!existsSync(dataDir)) {
    mkdirSync(dataDir, { recursive: true });
    chmodSync(dataDir, 0o711);
  }
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
}

async function boot(env: Env, dataDir: string, logDir: string, fleet: Fleet): Promise<Urls> {
  const former = await endFormerStart(dataDir);
  if (former.length > 0) say(`An earlier start was killed; ended what it left running: ${former.join(', ')}`);
  if (env.PORT !== 0) await demandPort('PORT', env.PORT, env.HOST);
  const ports = new PortBook(join(dataDir, 'ports.json'));
  const port = env.PORT || (await ports.take('api', 0));
  const media = await planMedia(env, process.env, ports);
  const bundle = buildWorkflowBundle();
  const [services, sandboxUrl] = await Promise.all([bootServices({ env, dataDir, logDir, ports, fleet, say }), sandbox(env, logDir, ports, fleet, `http://127.0.0.1:${port}`), bundle]);
  const social = sandboxUrl === null ? {} : await planSocial({ sandboxUrl, apiUrl: `http://127.0.0.1:${port}`, dataDir, given: process.env });
  const childEnv = { ...environmentOf(env, services, sandboxUrl, dataDir), PORT: String(port), DATA_DIR: dataDir, ...media.env, ...social };
  const options = { fleet, logDir, env: childEnv };
  const since = Date.now();
  const [api] = await Promise.all([startApi(options), ...ROLES.map((role) => startWorker(role, options))]);
  say(`API and workers ${ROLES.join(', ')} are ready (${((Date.now() - since) / 1_000).toFixed(1)} s)`);
  const apiUrl = api.url ?? `http://${env.HOST}:${port}`;
  const { temporalAddress, temporalUiUrl, mqttUrl } = services;
  return {
    api_url: apiUrl,
    docs_url: `${apiUrl}/docs`,
    temporal_address: temporalAddress,
    temporal_ui_url: temporalUiUrl,
    mqtt_url: mqttUrl,
    sandbox_url: sandboxUrl,
    amqp_url: env.AMQP_URL ?? null,
    order_service_url: env.ORDER_SERVICE_URL ?? null,
    media_url: media.url,
    rtmp_url: media.rtmpUrl,
    streams_off: media.off,
  };
}

/** In production nothing is embedded, the sandbox neither; where every URL of TikTok is given, nobody would ask it. */
async function sandbox(env: Env, logDir: string, ports: PortBook, fleet: Fleet, apiUrl: string): Promise<string | null> {
  const allGiven =
    env.TIKTOK_WEB_URL && env.TIKTOK_WEBCAST_URL && env.TIKTOK_SIGN_URL && env.TIKTOK_AUTH_URL && env.TIKTOK_OPEN_API_URL && env.TIKTOK_SHOP_API_URL && env.TIKTOK_SHOP_AUTH_URL;
  if (env.NODE_ENV === 'production' || env.TIKTOK_ENV !== 'sandbox' || allGiven) return null;
  if (env.SANDBOX_PORT) await demandPort('SANDBOX_PORT', env.SANDBOX_PORT);
  const port = env.SANDBOX_PORT || (await ports.take('sandbox', 18_080));
  const returnUrls = {
    SANDBOX_WEBHOOK_URL: `${apiUrl}/webhook/tiktok`,
    SANDBOX_SHOP_WEBHOOK_URL: `${apiUrl}/webhook/`,
    SANDBOX_SHOP_REDIRECT_URL: `${apiUrl}/auth/shop/callback`,
  };
  const url = await startSandbox({ fleet, logDir, env: { ...process.env, ...returnUrls } }, port);
  say('TikTok       sandbox, ready');
  return url;
}

const allowsPrivateWebhooks = (env: Env, sandboxUrl: string | null): boolean => sandboxUrl !== null && (env.ALLOW_PRIVATE_WEBHOOKS || !process.env.ALLOW_PRIVATE_WEBHOOKS);

/** What the processes find in their environment: all that is given, and what this start adds. */
function environmentOf(env: Env, { databaseUrl, temporalAddress, temporalUiUrl, mqttUrl }: Services, sandboxUrl: string | null, dataDir: string): NodeJS.ProcessEnv {
  const { web, webcast, sign, auth, openApi, shopApi, shopAuth, shopAuthorize } = tiktokUrls(env, sandboxUrl ?? undefined);
  return {
    ...(env.NODE_ENV === 'production' ? {} : loadSecrets(dataDir)),
    ...Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    MQTT_URL: mqttUrl,
    TIKTOK_WEB_URL: web,
    TIKTOK_WEBCAST_URL: webcast,
    TIKTOK_SIGN_URL: sign,
    TIKTOK_AUTH_URL: auth,
    TIKTOK_OPEN_API_URL: openApi,
    TIKTOK_SHOP_API_URL: shopApi,
    TIKTOK_SHOP_AUTH_URL: shopAuth,
    ...(shopAuthorize ? { TIKTOK_SHOP_AUTHORIZE_URL: shopAuthorize } : {}),
    ...(temporalUiUrl ? { TEMPORAL_UI_URL: temporalUiUrl } : {}),
    ...(allowsPrivateWebhooks(env, sandboxUrl) ? { ALLOW_PRIVATE_WEBHOOKS: '1' } : {}),
  };
}

main().catch((error: unknown) => {
  console.error(error instanceof EnvError || error instanceof StartError ? error.message : error);
  process.exit(1);
});
