import { EventEmitter } from 'node:events';
import { expect, jest, test } from '@jest/globals';

interface Joined {
  ok: true;
  messages: { position: number }[];
  more: boolean;
}

/** The server's side of one socket: each join waits until the test answers it. */
class FakeSocket extends EventEmitter {
  readonly joins: { after: number | undefined; answer: (joined: Omit<Joined, 'ok'>) => void }[] = [];
  active = true;
  timeout = () => this;
  emitWithAck = (_: string, { after }: { after?: number }): Promise<Joined> => new Promise((resolve) => this.joins.push({ after, answer: (joined) => resolve({ ok: true, ...joined }) }));
  close(): void {
    this.active = false;
  }
}

const socket = new FakeSocket();
jest.unstable_mockModule('/pages/vendor/socket.io.mjs', () => ({ io: () => socket }), { virtual: true });
jest.unstable_mockModule('../../api/pages/shared/session.js', () => ({ session: { token: 'token' } }));
// A page's module, which has no types.
const MODULE = '../../api/pages/live/chat-socket.js';
const { openChatSocket } = (await import(MODULE)) as { openChatSocket: (options: object) => unknown };

const from = (first: number, last: number): { position: number }[] => Array.from({ length: last - first + 1 }, (_, index) => ({ position: first + index }));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('Who comes back after a break gets all that was missed, whatever is written meanwhile', async () => {
  const seen: number[] = [];
  const told = { chat_message: ({ position }: { position: number }) => void seen.push(position) };
  const on = { joined: ({ messages }: Joined) => void seen.push(...messages.map(({ position }) => position)), away: () => undefined, refused: (error: Error) => Promise.reject(error), signedOut: () => undefined, told };
  openChatSocket({ streamId: 'stream', playToken: null, on });

  socket.emit('connect');
  socket.joins.at(-1)!.answer({ messages: from(1, 3), more: false });
  await turn();
  socket.emit('disconnect');

  socket.emit('connect');
  socket.emit('chat_message', { stream_id: 'stream', position: 9 });
  socket.joins.at(-1)!.answer({ messages: from(4, 5), more: true });
  await turn();
  socket.emit('chat_message', { stream_id: 'stream', position: 10 });
  socket.joins.at(-1)!.answer({ messages: from(6, 7), more: true });
  await turn();
  socket.joins.at(-1)!.answer({ messages: from(8, 10), more: false });
  await turn();
  expect(socket.joins.map(({ after }) => after)).toEqual([undefined, 3, 5, 7]);
  expect([...new Set(seen)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

  // What came live counts for the next break.
  socket.emit('disconnect');
  socket.emit('connect');
  expect(socket.joins.at(-1)!.after).toBe(10);
});
