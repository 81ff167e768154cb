import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createInventorySender } from '../../activities/actions/inventory-sender.ts';
import { createShopEvents } from '../../activities/shop/create-shop-events.ts';
import type { ShopEventWriter } from '../../activities/shop/shop-events.ts';
import { newId } from '../../db/ids.ts';
import type { ChannelKey } from '../../domain/contracts/channel.ts';
import type { ShopEvent } from '../../domain/contracts/shop-event.ts';
import type { RenderedAction } from '../../domain/contracts/action.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';
import { seedRule } from '../helpers/seed.ts';
import { inventoryEvent, orderEvent, seedPlainChannel } from '../helpers/shop-events.ts';
import { createTestApi, type Person, type TestApi } from '../helpers/test-api.ts';
import { TestEventSource } from '../helpers/event-source.ts';

let api: TestApi;
let owner: Person;
let channel: ChannelKey;
let writer: ShopEventWriter & { close(): Promise<void> };
let woken: string[];

beforeAll(async () => {
  api = await createTestApi();
  writer = createShopEvents({ pool: api.database.pool, databaseUrl: api.database.url, wake: (target) => woken.push(target), logger: quietLog as never });
});
afterAll(async () => {
  await writer.close();
  await api.close();
});
beforeEach(async () => {
  woken = [];
  owner = await api.person();
  channel = await seedPlainChannel(api.database.db, owner.workspace_id);
});

async function happen(...events: ShopEvent[]): Promise<void> {
  writer.committed(await api.database.db.transaction().execute((trx) => writer.append(trx, events)));
}
const executions = () => api.database.db.selectFrom('executions').selectAll().where('workspace_id', '=', owner.workspace_id).orderBy('id').execute();
const actions = () => api.database.db.selectFrom('execution_actions').selectAll().where('workspace_id', '=', owner.workspace_id).orderBy('id').execute();
const lamp = { action_type: 'log' as const, order: 0, config: { message: '{{buyer_nickname}} bought {{item_names}} for {{total}} {{currency}}' } };

describe('a rule on orders', () => {
  test('fires once for an order, when it is paid, with the order’s fields, and its action is handed to whoever delivers', async () => {
    const rule = await seedRule(api.database.db, owner.workspace_id, { event_type: 'order', conditions: [{ field: 'total', operator: '>=', value: '20', order: 0 }], actions: [lamp] });
    await happen(orderEvent(channel, { change: 'placed' }), orderEvent(channel), orderEvent(channel, { change: 'shipped' }), orderEvent(channel, { total: 5 }));
    const [execution, ...others] = await executions();
    expect(others).toEqual([]);
    expect(execution).toMatchObject({ rule_id: rule, status: 'pending', livestream_id: null, is_test: false });
    expect(await actions()).toMatchObject([{ status: 'retrying', target: `log:${owner.workspace_id}:log`, action: { config: { message: 'Jo bought Desk lamp for 24.9 GBP' } } }]);
    expect(woken).toEqual([`log:${owner.workspace_id}:log`]);
  });

  test('with every_update fires on each change', async () => {
    await seedRule(api.database.db, owner.workspace_id, { event_type: 'order', fire_on: 'every_update', actions: [lamp] });
    await happen(orderEvent(channel, { change: 'placed' }), orderEvent(channel), orderEvent(channel, { change: 'shipped' }));
    expect(await executions()).toHaveLength(3);
  });

  test('asks part of a product’s name by item_names, and the whole of it by items', async () => {
    for (const [name, field, value] of [['part', 'item_names', 'lamp'], ['whole', 'items', 'Desk lamp'], ['none', 'items', 'lamp']] as const) {
      await seedRule(api.database.db, owner.workspace_id, { name, event_type: 'order', conditions: [{ field, operator: 'contains', value, order: 0 }], actions: [lamp] });
    }
    await happen(orderEvent(channel, { items: ['Rose mug', 'Desk lamp'] }));
    const fired = await executions();
    const rules = await api.database.db.selectFrom('rules').select('name').where('id', 'in', fired.map(({ rule_id }) => rule_id)).orderBy('name').execute();
    expect(rules.map(({ name }) => name)).toEqual(['part', 'whole']);
  });

  test('obeys cooldowns, the buyer’s own too, over several transactions', async () => {
    await seedRule(api.database.db, owner.workspace_id, { event_type: 'order', user_cooldown_ms: 60_000, actions: [lamp] });
    await happen(orderEvent(channel));
    await happen(orderEvent(channel), orderEvent(channel, { user_id: 'another' }));
    expect((await executions()).map(({ reason }) => reason)).toEqual([null, 'user_cooldown', null]);
  });

  test('never fires on history, which is on no stream either', async () => {
    await seedRule(api.database.db, owner.workspace_id, { event_type: 'order', actions: [lamp] });
    await happen(orderEvent(channel, { is_history: true }));
    expect(await executions()).toEqual([]);
    expect(await api.database.db.selectFrom('workspace_feed').selectAll().where('workspace_id', '=', owner.workspace_id).execute()).toEqual([]);
  });

  test('leaves nothing behind where the order itself is not stored', async () => {
    await seedRule(api.database.db, owner.workspace_id, { event_type: 'order', actions: [lamp] });
    const failing = api.database.db.transaction().execute(async (trx) => {
      await writer.append(trx, [orderEvent(channel)]);
      throw new Error('the order could not be stored');
    });
    await expect(failing).rejects.toThrow('could not be stored');
    expect([...(await executions()), ...(await actions())]).toEqual([]);
  });

  test('of another workspace sees nothing of it', async () => {
    const other = await api.person();
    await seedRule(api.database.db, other.workspace_id, { event_type: 'order', actions: [lamp] });
    await happen(orderEvent(channel));
    expect(await api.database.db.selectFrom('executions').selectAll().where('workspace_id', '=', other.workspace_id).execute()).toEqual([]);
  });
});

test('a rule on stock fires when it is low, out or back, and with every_update on each quantity', async () => {
  await seedRule(api.database.db, owner.workspace_id, { event_type: 'inventory', actions: [lamp] });
  await seedRule(api.database.db, owner.workspace_id, { event_type: 'inventory', fire_on: 'every_update', actions: [lamp] });
  await happen(inventoryEvent(channel, { change: 'level', available: 20 }), inventoryEvent(channel), inventoryEvent(channel, { change: 'out', available: 0 }));
  expect(await executions()).toHaveLength(5);
});

describe('the workspace’s stream', () => {
  const open = (person: Person) => TestEventSource.open(api.app, { token: person.token });

  test('shows orders and stock in the order of their commits, and goes on behind any of them', async () => {
    const source = await open(owner);
    await source.pull();
    const events = [orderEvent(channel), inventoryEvent(channel), orderEvent(channel, { change: 'shipped' })];
    await happen(events[0]!, events[1]!);
    await happen(events[2]!);
    await source.until(() => source.events.length >= 3);
    expect(source.events.map(({ event, data }) => [event, data.id])).toEqual(events.map(({ type, id }) => [type, id]));
    expect(source.events[0]!.data).toMatchObject({ order_id: '576461413038785752', total: 24.9, channel_id: channel.channel_id });
    const again = await TestEventSource.open(api.app, { token: owner.token, lastEventId: source.events[1]!.id });
    await again.until(() => again.events.length >= 1);
    expect(again.events.map(({ data }) => data.id)).toEqual([events[2]!.id]);
    await source.close();
    await again.close();
  });

  test.each([
    ['sales', ['order', 'inventory']],
    ['warehouse', ['inventory']],
    ['member', []],
    ['social_marketing', []],
  ] as const)('shows the role %s only what it may see: %j', async (role, seen) => {
    const person = await api.person(role, owner.workspace_id);
    const source = await TestEventSource.open(api.app, { token: person.token, query: `workspace_id=${owner.workspace_id}` });
    await source.pull();
    const order = orderEvent(channel);
    const stock = inventoryEvent(channel);
    await happen(order, stock);
    await api.database.pool.query(
      `with n as (insert into notifications (id, workspace_id, message) values ($1, $2, 'last') returning id),
            h as (insert into workspace_feed_heads (workspace_id, seq) values ($2, 1) on conflict (workspace_id) do update set seq = workspace_feed_heads.seq + 1 returning seq)
       insert into workspace_feed (workspace_id, seq, kind, notification_id) select $2, h.seq, 'notification', n.id from n, h`,
      [newId(), owner.workspace_id],
    );
    await source.until(() => source.events.some(({ event }) => event === 'notification'));
    expect(source.events.map(({ event }) => event)).toEqual([...seen, 'notification']);
    for (const [{ id }, type] of [[order, 'order'], [stock, 'inventory']] as const) {
      for (const path of [`/api/events/${id}`, `/api/events/${id}/explain`]) {
        const { status } = await api.call('GET', path, { token: person.token, headers: { 'x-workspace-id': owner.workspace_id } });
        expect([path, status]).toEqual([path, (seen as readonly string[]).includes(type) ? 200 : 404]);
      }
    }
    await source.close();
  });

  test('explains why a rule fired on an order, or did not', async () => {
    await seedRule(api.database.db, owner.workspace_id, { event_type: 'order', conditions: [{ field: 'total', operator: '>', value: '100', order: 0 }], actions: [lamp] });
    const paid = orderEvent(channel);
    const shipped = orderEvent(channel, { change: 'shipped' });
    await api.database.pool.query(`insert into rule_versions (rule_id, version, definition, is_active, valid_from)
      select id, 1, to_jsonb(rules) - 'id', true, now() - interval '1 hour' from rules where workspace_id = $1`, [owner.workspace_id]);
    await happen(paid, shipped);
    const explain = async (id: string) => (await api.call<{ rules: { reason: string; message: string }[] }>('GET', `/api/events/${id}/explain`, { token: owner.token })).body.rules[0];
    expect(await explain(paid.id)).toMatchObject({ reason: 'conditions', message: expect.stringContaining('total > "100": it was 24.9') });
    expect(await explain(shipped.id)).toMatchObject({ reason: 'no_sale' });
  });
});

describe('writing rules of shops', () => {
  const write = (person: Person, body: object) =>
    api.call<{ code: string; errors: { field: string; message: string }[] }>('POST', '/api/rules', { token: person.token, body, headers: { 'x-workspace-id': owner.workspace_id } });
  const restock = (over: object = {}) => ({ name: 'Restock', event_type: 'gift', actions: [{ action_type: 'shop_inventory', config: { channel_id: channel.channel_id, seller_sku: 'LAMP-1', quantity: '{{increment}}', ...over } }] });

  test('an owner may react to orders and set stock', async () => {
    expect((await write(owner, restock())).status).toBe(201);
    expect((await write(owner, { name: 'Sale', event_type: 'order', fire_on: 'every_update', actions: [lamp] })).status).toBe(201);
  });

  test.each(['member', 'social_marketing'] as const)('a %s may do neither: rules reach no further than who writes them', async (role) => {
    const person = await api.person(role, owner.workspace_id);
    expect((await write(person, restock())).body.errors).toMatchObject([{ field: 'actions.0.action_type', message: expect.stringContaining('inventory.edit') }]);
    expect((await write(person, { name: 'Sale', event_type: 'order', actions: [lamp] })).body.errors).toMatchObject([{ field: 'event_type', message: expect.stringContaining('orders.view') }]);
    expect((await write(person, { name: 'Low', event_type: 'inventory', actions: [lamp] })).body.errors).toMatchObject([{ field: 'event_type' }]);
  });

  test.each([
    ['another workspace’s channel', { channel_id: newId() }, 'actions.0.config.channel_id'],
    ['two names of the SKU', { sku_id: '1' }, 'actions.0.config.sku_id'],
    ['too many units', { quantity: 100_000 }, 'actions.0.config.quantity'],
    ['less than none', { quantity: -1 }, 'actions.0.config.quantity'],
    ['words', { quantity: 'many' }, 'actions.0.config.quantity'],
  ])('names the field at fault: %s', async (_, over, field) => {
    const { status, body } = await write(owner, restock(over));
    expect([status, body.errors.map((error) => error.field)]).toEqual([422, [field]]);
  });

  test('a rule on orders is of no livestream', async () => {
    const { body } = await write(owner, { name: 'Sale', event_type: 'order', livestream_id: newId(), actions: [lamp] });
    expect(body.errors.map(({ field }) => field)).toContain('livestream_id');
  });

  test('is tried on a made-up order', async () => {
    const { body: rule } = await api.call<{ id: string }>('POST', '/api/rules', { token: owner.token, body: { name: 'Sale', event_type: 'order', conditions: [{ field: 'total', operator: '>', value: 50 }], actions: [lamp] } });
    const { body } = await api.call<{ fires: boolean }>('POST', `/api/rules/${rule.id}/test`, { token: owner.token, body: { event: { total: 60, buyer_nickname: 'Kim' } } });
    expect(body).toMatchObject({ fires: true, actions: [{ config: { message: 'Kim bought Desk lamp for 60 GBP' } }] });
  });
});

describe('the action shop_inventory', () => {
  const asked: string[] = [];
  const shops = { wakeStock: ({ channel_id }: ChannelKey) => Promise.resolve(void asked.push(channel_id)) };
  const rendered = (over: object = {}): RenderedAction => ({
    id: newId(),
    execution_id: newId(),
    workspace_id: owner.workspace_id,
    livestream_id: null,
    event_id: null,
    rule_id: null,
    target: '',
    expires_at_ms: null,
    attempts: 0,
    action: { action_type: 'shop_inventory', order: 0, config: { channel_id: channel.channel_id, seller_sku: 'LAMP-1', quantity: '12', ...over } },
  });
  const send = (action: RenderedAction) => createInventorySender({ db: api.database.db, shops })(action, new AbortController().signal);
  const requests = () => api.database.db.selectFrom('inventory_requests').selectAll().where('channel_id', '=', channel.channel_id).execute();

  test('keeps one request however often it is attempted, and wakes the channel’s workflow', async () => {
    const action = rendered();
    for (let attempt = 1; attempt <= 3; attempt += 1) expect(await send(action)).toEqual({ outcome: 'succeeded', response: null });
    expect(await requests()).toMatchObject([{ source: 'rule', seller_sku: 'LAMP-1', quantity: 12, basis: 'available', state: 'received', dedupe_key: `action:${action.id}` }]);
    expect(asked).toContain(channel.channel_id);
  });

  test('fails for what no TikTok takes, and for a shop that is disconnected or another workspace’s', async () => {
    expect(await send(rendered({ quantity: 'plenty' }))).toMatchObject({ outcome: 'failed', code: 'invalid_config' });
    const gone = await seedPlainChannel(api.database.db, owner.workspace_id, 'disconnected');
    const foreign = await seedPlainChannel(api.database.db, (await api.person()).workspace_id);
    for (const { channel_id } of [gone, foreign]) expect(await send(rendered({ channel_id }))).toMatchObject({ outcome: 'failed', code: 'shop_channel_disconnected' });
    expect(await requests()).toEqual([]);
  });
});

test('a rule that was switched on a moment ago is asked', async () => {
  await happen(orderEvent(channel));
  await seedRule(api.database.db, owner.workspace_id, { event_type: 'order', actions: [lamp] });
  await api.database.pool.query(`select pg_notify('showrunner_rules', $1)`, [owner.workspace_id]);
  await eventually(async () => {
    await happen(orderEvent(channel));
    return (await executions()).length > 0;
  });
});
