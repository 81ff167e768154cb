import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPushActivities } from '../../activities/social/push/push.activities.ts';
import type { PushOutcome } from '../../activities/social/push/push-one.ts';
import { createWakes } from '../../activities/social/push/wakes.ts';
import { notifyAppUser, type AppNotification, type AppNotificationDraft } from '../../db/app-notification.repository.ts';
import { createListener } from '../../db/listener.ts';
import type { PushService, PushTimings } from '../../domain/contracts/push.ts';
import { CHANNELS } from '../../domain/names.ts';
import { createSandbox, type Sandbox } from '../../sandbox/server.ts';
import { createFcm } from '../../social/push/fcm.ts';
import { eventually } from './eventually.ts';
import { appUser, verb, type TestAppUser } from './social.ts';
import { testTemporal, type TestTemporal } from './temporal.ts';
import { createTestApi, type TestApi } from './test-api.ts';

/** Short waits; everything else as in the product. */
export const QUICK: Partial<PushTimings> = { run_ms: 30_000, lease_ms: 10_000, backoff_initial_ms: 50, backoff_max_ms: 200, poll_ms: 500, heartbeat_timeout_ms: 3_000 };

export interface Pushed {
  name: string;
  received_at_ms: number;
  message: { token: string; notification: { title: string; body: string }; data: Record<string, string>; android: { notification: { tag: string } }; apns: { headers: Record<string, string> } };
}

/** FCM's stand-in as tests see it. */
export class Fcm {
  readonly sandbox: Sandbox;
  readonly keyFile: string;
  #folder: string;

  private constructor(sandbox: Sandbox, folder: string) {
    this.sandbox = sandbox;
    this.#folder = folder;
    this.keyFile = join(folder, 'service-account.json');
  }

  static async start(port = 0): Promise<Fcm> {
    const fcm = new Fcm(await createSandbox({ port }), await mkdtemp(join(tmpdir(), 'showrunner-fcm-')));
    await writeFile(fcm.keyFile, JSON.stringify(await fcm.control('GET', '/service-account')));
    return fcm;
  }

  async control<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.sandbox.url}/control/fcm${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async pushed(deviceToken: string): Promise<Pushed[]> {
    return (await this.control<{ messages: Pushed[] }>('GET', `/messages?device_token=${encodeURIComponent(deviceToken)}`)).messages;
  }

  fault(fault: Record<string, unknown>): Promise<{ id: number }> {
    return this.control('POST', '/faults', fault);
  }

  service(over: { url?: string; keyFile?: string; tokenUrl?: string; timeoutMs?: number } = {}): PushService {
    return createFcm({ projectId: 'showrunner-sandbox', url: this.sandbox.url, keyFile: this.keyFile, tokenUrl: `${this.sandbox.url}/fcm/token`, ...over });
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export interface PushWorld {
  api: TestApi;
  temporal: TestTemporal;
  fcm: Fcm;
  outcomes: PushOutcome[];
  /** A user with a device, whose token is given. */
  person(over?: Parameters<typeof appUser>[1]): Promise<TestAppUser & { device: string }>;
  addDevice(user: TestAppUser): Promise<string>;
  /** @returns id of the notification */
  notify(user: { id: string }, over?: Partial<AppNotificationDraft>): Promise<string>;
  row(id: string): Promise<AppNotification>;
  settled(id: string, timeoutMs?: number): Promise<AppNotification>;
  /** A worker that pushes, with a service of its own where none is given. */
  worker(options?: { service?: PushService | null; off?: string | null }): Promise<{ stop(): Promise<void> }>;
  /** Starts the workflow. @returns its id */
  start(timings?: Partial<PushTimings>): Promise<string>;
  close(): Promise<void>;
}

export async function createPushWorld(): Promise<PushWorld> {
  const [api, temporal, fcm] = await Promise.all([createTestApi(), testTemporal(), Fcm.start()]);
  const { db } = api.deps;
  const closings: (() => Promise<unknown>)[] = [];
  const outcomes: PushOutcome[] = [];
  const row = (id: string): Promise<AppNotification> => db.selectFrom('app_notifications').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const world: PushWorld = {
    api,
    temporal,
    fcm,
    outcomes,
    async person(over) {
      const user = await appUser(api, over);
      return { ...user, device: await world.addDevice(user) };
    },
    async addDevice(user) {
      const device_token = `device-${randomUUID()}`;
      const { code } = await verb(api, 'addDeviceData', { device_token, device: 'android' }, user.token);
      if (code !== 200) throw new Error(`addDeviceData answered ${code}`);
      return device_token;
    },
    async notify({ id: user_id }, over = {}) {
      const { workspace_id } = await db.selectFrom('app_users').select('workspace_id').where('id', '=', user_id).executeTakeFirstOrThrow();
      const id = await notifyAppUser(db, { workspace_id, user_id, sender_id: null, kind: 'system', text: 'News', ...over });
      if (id === null) throw new Error('nothing was told');
      return id;
    },
    row,
    settled: (id, timeoutMs = 15_000) =>
      eventually(
        async () => {
          const found = await row(id);
          if (found.push_state === 'pending') throw new Error(`still pending after ${found.push_attempts} attempts: ${found.push_reason}`);
          return found;
        },
        { timeoutMs },
      ),
    async worker({ service = fcm.service(), off = null } = {}) {
      const wakes = createWakes();
      const listener = createListener({ url: api.database.url, channels: [CHANNELS.app], onNotice: () => wakes.all(), onConnected: () => wakes.all() });
      const deps = { db, service, off, wakes, count: (outcome: PushOutcome) => void outcomes.push(outcome), logger: { warn: () => undefined }, client: temporal.client, taskQueuePrefix: '' };
      const running = await temporal.runWorker({ activities: createPushActivities(deps), maxHeartbeatThrottleInterval: '1s' });
      closings.push(() => listener.close(), async () => service?.close());
      return running;
    },
    async start(timings = {}) {
      const workflowId = `push-${randomUUID()}`;
      await temporal.client.workflow.start('pushNotifications', { taskQueue: temporal.taskQueue, workflowId, args: [{ timings: { ...QUICK, ...timings } }] });
      closings.unshift(() => temporal.client.workflow.getHandle(workflowId).terminate().catch(() => undefined));
      return workflowId;
    },
    async close() {
      await temporal.close();
      for (const close of closings) await close().catch(() => undefined);
      await fcm.close();
      await api.close();
    },
  };
  return world;
}
