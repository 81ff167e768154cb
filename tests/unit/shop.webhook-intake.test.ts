import { describe, expect, test } from '@jest/globals';
import { createShopWebhookIntake, type ShopWebhookIntakeOptions } from '../../api/shop-webhook-intake.ts';
import { createShopWakes } from '../../api/shop-webhook-wakes.ts';
import type { NewShopWebhook, StoredShopWebhook } from '../../db/shop-webhook-intake.repository.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const webhook = (id: string, body = '{}'): NewShopWebhook => ({ id, type: 1, kind: 'order_status', shop_id: 's', subject: null, body, sent_at_ms: 0 });

/** Stores by hand: each statement waits until the test ends it. */
function heldStore() {
  const statements: { ids: string[]; times: number[]; commit(): void; fail(error: Error): void }[] = [];
  const store: ShopWebhookIntakeOptions['store'] = (received) =>
    new Promise((resolve, reject) =>
      statements.push({
        ids: received.map((each) => each.webhook.id),
        times: received.map(({ times }) => times),
        commit: () => resolve(new Map(received.map((each): [string, StoredShopWebhook] => [each.webhook.id, { state: 'received', is_repeat: each.times > 1 }]))),
        fail: reject,
      }),
    );
  return { statements, store };
}
const badRow = (): Error => Object.assign(new Error('invalid byte sequence'), { code: '22021' });

describe('The intake of webhooks', () => {
  test('stores the first at once, and those that come meanwhile together; nobody is answered before their commit', async () => {
    const { statements, store } = heldStore();
    const intake = createShopWebhookIntake({ store, groupSize: 3 });
    const answered: string[] = [];
    const taken = ['a', 'b', 'c', 'd', 'e'].map(async (id) => {
      await intake.take(webhook(id));
      answered.push(id);
    });
    expect(statements.map(({ ids }) => ids)).toEqual([['a']]);
    statements[0]!.commit();
    await eventually(() => statements.length === 2);
    expect(statements[1]!.ids).toEqual(['b', 'c', 'd']);
    expect(answered).toEqual(['a']);
    statements[1]!.commit();
    await eventually(() => statements.length === 3);
    statements[2]!.commit();
    await Promise.all(taken);
    expect(answered).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('gives one row to those that are the same webhook', async () => {
    const { statements, store } = heldStore();
    const intake = createShopWebhookIntake({ store });
    const taken = Promise.all(['a', 'b', 'b', 'b'].map((id) => intake.take(webhook(id))));
    statements[0]!.commit();
    await eventually(() => statements.length === 2);
    expect(statements[1]).toMatchObject({ ids: ['b'], times: [3] });
    statements[1]!.commit();
    expect((await taken).map(({ is_repeat }) => is_repeat)).toEqual([false, true, true, true]);
  });

  test('refuses what would make the queue too long or too large, and takes again when there is room', async () => {
    const { statements, store } = heldStore();
    const intake = createShopWebhookIntake({ store, maxWaiting: 2, maxBytes: 100 });
    const first = intake.take(webhook('a'));
    const second = intake.take(webhook('b'));
    await expect(intake.take(webhook('c'))).rejects.toMatchObject({ code: 'unavailable', extras: { retryAfterS: 2 } });
    statements[0]!.commit();
    await first;
    await expect(intake.take(webhook('d', 'x'.repeat(101)))).rejects.toMatchObject({ code: 'unavailable' });
    await eventually(() => statements.length === 2);
    const third = intake.take(webhook('e'));
    statements[1]!.commit();
    await second;
    await eventually(() => statements.length === 3);
    statements[2]!.commit();
    await third;
  });

  test('a row that can not be stored takes none of those beside it along', async () => {
    const { statements, store } = heldStore();
    const intake = createShopWebhookIntake({ store });
    const taken = Promise.allSettled(['a', 'b', 'bad', 'c'].map((id) => intake.take(webhook(id))));
    for (let at = 0; at < 5; at += 1) {
      const { ids, commit, fail } = await eventually(() => statements[at]);
      if (ids.includes('bad')) fail(badRow());
      else commit();
    }
    expect(statements.map(({ ids }) => ids.join())).toEqual(['a', 'b,bad,c', 'b', 'bad', 'c']);
    expect((await taken).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  test('a database that is away is asked once for the whole group, and the next webhook asks again', async () => {
    const { statements, store } = heldStore();
    const intake = createShopWebhookIntake({ store });
    const taken = Promise.allSettled(['a', 'b', 'c'].map((id) => intake.take(webhook(id))));
    statements[0]!.fail(new Error('Connection terminated'));
    await eventually(() => statements.length === 2);
    statements[1]!.fail(new Error('Connection terminated'));
    expect((await taken).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    const later = intake.take(webhook('a'));
    await eventually(() => statements.length === 3);
    statements[2]!.commit();
    await later;
  });
});

describe('The wakes of shops', () => {
  test('go out at once, then once for all that asked meanwhile, and again after a failure', async () => {
    const woken: string[] = [];
    const wakes = createShopWakes({ wake: (shop) => (woken.push(shop), shop === 'b' ? Promise.reject(new Error('away')) : Promise.resolve()), log: quietLog, intervalMs: 20 });
    for (let each = 0; each < 10; each += 1) wakes.request('a');
    wakes.request('b');
    expect(woken).toEqual(['a', 'b']);
    await eventually(() => woken.length === 3);
    expect(woken).toEqual(['a', 'b', 'a']);
    await eventually(() => (wakes.request('b'), woken.filter((shop) => shop === 'b').length >= 2));
    wakes.close();
    const before = woken.length;
    wakes.request('c');
    expect(woken).toHaveLength(before);
  });

  test('are asked for no more shops than there is room for', () => {
    const woken: string[] = [];
    const wakes = createShopWakes({ wake: (shop) => Promise.resolve(void woken.push(shop)), log: quietLog, maxShops: 2 });
    for (const shop of ['a', 'b', 'c']) wakes.request(shop);
    expect(woken).toEqual(['a', 'b']);
    wakes.close();
  });
});
