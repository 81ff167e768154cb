import { expect, test } from '@jest/globals';
import { latestRead } from '../../api/chat/latest-read.ts';

test('A read that began before a change is never the last one, and many who ask at once wait for few', async () => {
  let value = 0;
  let seen = -1;
  let reads = 0;
  const gates: (() => void)[] = [];
  const read = latestRead(async () => {
    reads += 1;
    const found = value;
    await new Promise<void>((resolve) => gates.push(resolve));
    seen = found;
  });
  const first = read();
  value = 1;
  const others = [read(), read(), read()];
  gates.shift()!();
  await new Promise(setImmediate);
  gates.shift()!();
  await Promise.all([first, ...others]);
  expect({ seen, reads }).toEqual({ seen: 1, reads: 2 });
});

test('A read that fails is told, and the next one reads again', async () => {
  let fails = true;
  const read = latestRead(() => (fails ? Promise.reject(new Error('away')) : Promise.resolve()));
  await expect(read()).rejects.toThrow('away');
  fails = false;
  await read();
});
