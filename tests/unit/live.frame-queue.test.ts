import { expect, jest, test } from '@jest/globals';
import { FrameQueue } from '../../activities/live/frame-queue.ts';
import type { LiveFrame } from '../../domain/contracts/live-connection.ts';
import type { WireEvent } from '../../domain/contracts/live-event.ts';

const frame = (events: number, bytes = 10): LiveFrame => ({
  events: Array.from({ length: events }, () => ({}) as WireEvent),
  totals: {},
  cursor: null,
  received_at_ms: 0,
  decode_failures: 0,
  bytes,
  ack: () => undefined,
});
const flow = () => ({ pause: jest.fn(), resume: jest.fn() });

test('whole frames are taken in order, up to the number of events', () => {
  const queue = new FrameQueue(flow());
  const frames = [frame(3), frame(3), frame(3)];
  frames.forEach((each) => queue.push(each));
  expect(queue.take(6)).toEqual(frames.slice(0, 2));
  expect(queue.take(6)).toEqual(frames.slice(2));
  expect(queue.length).toBe(0);
});

test('a frame larger than the batch is taken whole', () => {
  const queue = new FrameQueue(flow());
  queue.push(frame(1_000));
  expect(queue.take(10)).toHaveLength(1);
});

test('the socket is held back above the high mark and read again below the low one', () => {
  const socket = flow();
  const queue = new FrameQueue(socket, { high_bytes: 30, low_bytes: 15, max_bytes: 1_000 });
  for (let i = 0; i < 4; i++) queue.push(frame(1));
  expect(socket.pause).toHaveBeenCalledTimes(1);
  queue.take(2);
  expect(socket.resume).not.toHaveBeenCalled();
  queue.take(1);
  expect(socket.resume).toHaveBeenCalledTimes(1);
});

test('what does not fit is dropped and counted, never silently', () => {
  const queue = new FrameQueue(flow(), { high_bytes: 10, low_bytes: 5, max_bytes: 25 });
  for (let i = 0; i < 4; i++) queue.push(frame(7));
  expect(queue.length).toBe(2);
  expect(queue.dropped_events).toBe(14);
});

test('waiting ends with the next frame, at once where there is one', async () => {
  const queue = new FrameQueue(flow());
  const waiting = queue.waitForWork(60_000);
  queue.push(frame(1));
  await waiting;
  await queue.waitForWork(60_000);
  expect(queue.length).toBe(1);
});

test('tells until when all that came has been taken', () => {
  const queue = new FrameQueue(flow());
  expect(queue.takenUntil(9_000)).toBe(9_000);
  queue.push({ ...frame(1), received_at_ms: 1_000 });
  queue.push({ ...frame(1), received_at_ms: 2_000 });
  expect(queue.takenUntil(9_000)).toBe(1_000);
  queue.take(1);
  expect(queue.takenUntil(9_000)).toBe(2_000);
});
