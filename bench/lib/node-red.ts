import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const NODE_RED_VERSION = '4.1.8';
const CONNECTOR_VERSION = '2.4.0';

export interface NodeRed {
  process: ChildProcess;
  stop(): Promise<void>;
}

/** Installs the peer once, outside the clone: it is measured beside us, it is no dependency. */
async function install(): Promise<string> {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'showrunner', 'bench', 'node-red');
  try {
    await access(join(folder, 'node_modules', 'node-red', 'red.js'));
  } catch {
    console.error(`Installing Node-RED ${NODE_RED_VERSION} into ${folder} …`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    const packages = [`node-red@${NODE_RED_VERSION}`, `tiktok-live-connector@${CONNECTOR_VERSION}`];
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: folder, timeout: 600_000 });
  }
  return folder;
}

/** Node-RED with one flow: TikTok LIVE in a function node → MQTT out, QoS 1. Ready once it has sent `ready` to the topic. */
export async function startNodeRed(sandboxUrl: string, room: string, mqttUrl: string, topic: string): Promise<NodeRed> {
  const folder = await install();
  const userDir = await mkdtemp(join(tmpdir(), 'showrunner-node-red-'));
  const host = new URL(sandboxUrl).host;
  await writeFile(join(userDir, 'settings.js'), settings(folder, userDir));
  await writeFile(join(userDir, 'flows.json'), JSON.stringify(flow(sandboxUrl, host, room, new URL(mqttUrl), topic)));
  const child = spawn(process.execPath, [join(folder, 'node_modules', 'node-red', 'red.js'), '--userDir', userDir, '--settings', join(userDir, 'settings.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, HOME: userDir },
  });
  return {
    process: child,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      await rm(userDir, { recursive: true, force: true });
    },
  };
}

const settings = (folder: string, userDir: string): string => `
module.exports = {
  uiPort: 0, uiHost: '127.0.0.1', httpAdminRoot: false, httpNodeRoot: false, flowFile: 'flows.json', userDir: ${JSON.stringify(userDir)},
  functionGlobalContext: { connector: () => import(${JSON.stringify(join(folder, 'node_modules', 'tiktok-live-connector', 'dist', 'index.js'))}) },
  logging: { console: { level: 'error', metrics: false, audit: false } },
};`;

function flow(sandboxUrl: string, host: string, room: string, broker: URL, topic: string): object[] {
  const code = `
const { TikTokLiveConnection, SignConfig } = await global.get('connector')();
SignConfig.basePath = ${JSON.stringify(sandboxUrl)};
const connection = new TikTokLiveConnection(${JSON.stringify(room)}, {
  webConfigOverrides: { TIKTOK_HOST_WEB: ${JSON.stringify(host)}, TIKTOK_HOST_WEBCAST: ${JSON.stringify(host)} },
  webClientOptions: { retry: { limit: 0 }, hooks: { beforeRequest: [(request) => { request.url.protocol = 'http:'; }] } },
});
connection.on('error', (error) => node.error(String(error.exception ?? error)));
connection.on('share', (data) => node.send({ topic: ${JSON.stringify(topic)}, payload: JSON.stringify({ id: data.common.msgId, at: new Date(Number(data.common.createTime)).toISOString() }) }));
await connection.connect();
node.send({ topic: ${JSON.stringify(topic)}, payload: 'ready' });`;
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'start', type: 'inject', z: 'tab', once: true, onceDelay: 0.5, repeat: '', props: [{ p: 'payload' }], payload: '', payloadType: 'date', wires: [['live']] },
    { id: 'live', type: 'function', z: 'tab', func: code, outputs: 1, wires: [['out']] },
    { id: 'out', type: 'mqtt out', z: 'tab', broker: 'broker', topic: '', qos: '1', retain: 'false', wires: [] },
    { id: 'broker', type: 'mqtt-broker', broker: broker.hostname, port: broker.port || '1883', autoConnect: true, protocolVersion: '4', keepalive: '60', cleansession: true },
  ];
}
