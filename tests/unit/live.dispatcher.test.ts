import { expect, jest, test } from '@jest/globals';
import { createDispatcher, type ActionLedger } from '../../activities/live/dispatcher.ts';
import type { ActionSender, ActionSenders, AttemptRecord, RenderedAction } from '../../domain/contracts/action.ts';
import { eventually } from '../helpers/eventually.ts';

const log = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
const action = (id: string, target = 'device:w:1'): RenderedAction => ({
  id,
  execution_id: `x${id}`,
  workspace_id: 'w',
  livestream_id: 'l',
  event_id: 'e',
  rule_id: 'r',
  target,
  action: { action_type: target.startsWith('device') ? 'device_control' : 'webhook', order: 0, config: {} } as RenderedAction['action'],
  expires_at_ms: null,
  attempts: 0,
});

function setUp(send: ActionSender, ledger: Partial<ActionLedger> = {}) {
  const records: AttemptRecord[] = [];
  const handedOver: string[] = [];
  const expired: string[] = [];
  const wake = jest.fn();
  const senders = { device_control: send, webhook: send, notification: send, log: send } as ActionSenders;
  const dispatcher = createDispatcher({
    senders,
    ledger: { record: async (batch) => void records.push(...batch), handOver: async (ids) => void handedOver.push(...ids), expire: async (ids) => void expired.push(...ids), ...ledger },
    wake,
    log,
  });
  return { dispatcher, records, handedOver, expired, wake };
}

test('commands of one device are sent one after another, in order', async () => {
  const order: string[] = [];
  let running = 0;
  const { dispatcher, records } = setUp(async ({ id }) => {
    expect(++running).toBe(1);
    await new Promise(setImmediate);
    order.push(id);
    running -= 1;
    return { outcome: 'succeeded', response: null };
  });
  await Promise.all(['1', '2', '3', '4'].map((id) => dispatcher.submit(action(id))));
  expect(order).toEqual(['1', '2', '3', '4']);
  expect(records.map((record) => record.action_id)).toEqual(order);
});

test('what it held stays known to who asked before, also once it is done', async () => {
  const { dispatcher } = setUp(() => Promise.resolve({ outcome: 'succeeded', response: null }));
  const done = dispatcher.submit(action('1'));
  const before = dispatcher.heldIds();
  await done;
  await eventually(() => !dispatcher.holds('1'));
  expect([...before]).toEqual(['1']);
});

test('one target that hangs does not hold up another', async () => {
  let release = (): void => undefined;
  const { dispatcher, records } = setUp(async ({ target }) => {
    if (target === 'device:w:dead') await new Promise<void>((resolve) => (release = resolve));
    return { outcome: 'succeeded', response: null };
  });
  const hanging = dispatcher.submit(action('1', 'device:w:dead'));
  await dispatcher.submit(action('2', 'device:w:fine'));
  expect(records.map((record) => record.action_id)).toEqual(['2']);
  release();
  await hanging;
});

test('a failing target is given up after three attempts: the rest goes to deliverActions, which is woken', async () => {
  const send = jest.fn<ActionSender>(async () => ({ outcome: 'retryable', code: 'target_unreachable', error: 'refused' }));
  const { dispatcher, records, handedOver, wake } = setUp(send);
  await Promise.all(Array.from({ length: 10 }, (_, i) => dispatcher.submit(action(String(i)))));
  expect(send).toHaveBeenCalledTimes(3);
  expect(records).toHaveLength(3);
  expect(handedOver).toHaveLength(7);
  expect(wake).toHaveBeenCalledWith('device:w:1', 'w');
});

test('a sender that throws loses nothing: the attempt counts as retryable', async () => {
  const { dispatcher, records } = setUp(async () => {
    throw new Error('bug');
  });
  await dispatcher.submit(action('1'));
  expect(records[0]?.result).toEqual({ outcome: 'retryable', code: 'internal', error: 'bug' });
});

test('the same action is in hand once, however often it is submitted', async () => {
  const send = jest.fn<ActionSender>(async () => ({ outcome: 'succeeded', response: null }));
  const { dispatcher } = setUp(send);
  const first = dispatcher.submit(action('1'));
  expect(dispatcher.holds('1')).toBe(true);
  await Promise.all([first, dispatcher.submit(action('1'))]);
  expect(send).toHaveBeenCalledTimes(1);
  expect(dispatcher.holds('1')).toBe(false);
});

test('an outcome that can not be written now is written later', async () => {
  const record = jest.fn<ActionLedger['record']>(async () => undefined).mockRejectedValueOnce(new Error('database gone'));
  const { dispatcher } = setUp(async () => ({ outcome: 'succeeded', response: null }), { record });
  await dispatcher.submit(action('1'));
  expect(record).toHaveBeenCalledTimes(2);
});

test('an action whose event is too old is skipped, not sent', async () => {
  const send = jest.fn<ActionSender>(async () => ({ outcome: 'succeeded', response: null }));
  const { dispatcher, expired } = setUp(send);
  await dispatcher.submit({ ...action('1'), expires_at_ms: Date.now() - 1 });
  expect(expired).toEqual(['1']);
  expect(send).not.toHaveBeenCalled();
});
