import { afterEach, expect, test } from '@jest/globals';
import { createServer } from 'node:net';
import { createRabbitCheck } from '../../api/rabbitmq-check.ts';
import { eventually } from '../helpers/eventually.ts';
import { describeWithRabbit, RABBIT_URL } from '../helpers/rabbit.ts';
import { TcpProxy } from '../helpers/tcp-proxy.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

test('nothing is asked where RabbitMQ is off', async () => {
  expect(await createRabbitCheck(null)()).toBe('off');
});

test('a server that says nothing counts as down in time, and is asked once for all who want to know', async () => {
  let asked = 0;
  const server = createServer((socket) => {
    asked += 1;
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const check = createRabbitCheck(`amqp://guest:guest@127.0.0.1:${(server.address() as { port: number }).port}`, { timeoutMs: 50 });
  expect(await Promise.all([check(), check()])).toEqual(['down', 'down']);
  expect(await check()).toBe('down');
  expect(asked).toBe(1);
});

describeWithRabbit('RabbitMQ', () => {
  test('is up, down while it is away, and up again', async () => {
    const { proxy, url } = await TcpProxy.toUrl(RABBIT_URL, 5672);
    closers.push(() => proxy.close());
    const check = createRabbitCheck(url, { freshMs: 0 });
    expect(await check()).toBe('up');
    proxy.cut();
    expect(await check()).toBe('down');
    proxy.mend();
    await eventually(async () => (await check()) === 'up');
  });

  test('that does not take the password is down', async () => {
    const wrong = new URL(RABBIT_URL);
    wrong.password = 'wrong';
    expect(await createRabbitCheck(wrong.href)()).toBe('down');
  });
});
