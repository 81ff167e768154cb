import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pushNotificationsWorkflowId, taskQueue } from '../../domain/names.ts';
import { eventually } from '../helpers/eventually.ts';
import { Product } from '../helpers/product.ts';
import { createPushWorld, QUICK, type PushWorld } from '../helpers/social-push.ts';
import { testTemporalAddress } from '../helpers/temporal.ts';

const PREFIX = `push-kill-${process.pid}-`;

let world: PushWorld;
let product: Product;

beforeAll(async () => {
  world = await createPushWorld();
  // The worker finds its workflow running already: the same, with shorter waits.
  await world.temporal.client.workflow.start('pushNotifications', { taskQueue: taskQueue('social', PREFIX), workflowId: pushNotificationsWorkflowId(PREFIX), args: [{ timings: QUICK }] });
  const { sandbox, keyFile } = world.fcm;
  product = await Product.start({
    databaseUrl: world.api.database.url,
    temporalAddress: testTemporalAddress(),
    parts: ['social'],
    env: { TEMPORAL_TASK_QUEUE_PREFIX: PREFIX, FCM_PROJECT_ID: 'showrunner-sandbox', FCM_URL: sandbox.url, GOOGLE_TOKEN_URL: `${sandbox.url}/fcm/token`, GOOGLE_SERVICE_ACCOUNT: keyFile },
  });
}, 120_000);
afterAll(async () => {
  await product?.stop();
  await world?.temporal.client.workflow.getHandle(pushNotificationsWorkflowId(PREFIX)).terminate();
  await world?.close();
});

test('kill -9 between the send and its mark: it arrives again under the same id, and everything that waited arrives', async () => {
  const ada = await world.person();
  const others = await Promise.all(Array.from({ length: 20 }, () => world.person()));
  await world.settled(await world.notify(ada, { text: 'warm' }), 60_000);

  await world.fcm.fault({ device_token: ada.device, delay_ms: 60_000, answer: { status: 500, acted: true } });
  const id = await world.notify(ada, { text: 'in between' });
  const inBetween = async () => (await world.fcm.pushed(ada.device)).filter(({ message }) => message.data.notification_id === id);
  await eventually(async () => (await inBetween()).length === 1);
  const waiting = others.map((person) => world.notify(person));
  await product.kill('social');
  const ids = await Promise.all(waiting);
  expect((await world.row(id)).push_state).toBe('pending');

  await product.spawn('social');
  expect(await world.settled(id, 60_000)).toMatchObject({ push_state: 'sent' });
  expect(await inBetween()).toHaveLength(2);
  for (const each of ids) expect(await world.settled(each, 60_000)).toMatchObject({ push_state: 'sent' });
}, 180_000);
