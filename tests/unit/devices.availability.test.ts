import { expect, test } from '@jest/globals';
import { watchAvailability, type WatchedDevices } from '../../devices/availability.ts';
import { eventually } from '../helpers/eventually.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const device = (id: string, availability_topic: string): WatchedDevices['devices'][number] => ({
  id,
  kind: 'mqtt',
  config: { preset: 'custom', qos: 1, retain: false, command_topic: 'c', availability_topic },
});

test('The watcher listens to what the devices of now name, and to nothing else', async () => {
  const topics: string[] = [];
  const forgotten: string[] = [];
  const lists: WatchedDevices[] = [
    { token: '1', devices: [device('a', 'a/1'), device('b', 'b/1')] },
    { token: '2', devices: [device('a', 'a/2'), device('b', 'b/1'), device('c', 'c/1')] },
    { token: '3', devices: [device('a', 'a/2')] },
  ];
  const seen: string[][] = [];
  const watcher = watchAvailability({
    hub: {
      subscribe(topic) {
        topics.push(topic);
        return () => void topics.splice(topics.indexOf(topic), 1);
      },
    },
    load: async () => {
      seen.push([...topics].sort());
      return lists.shift() ?? null;
    },
    presence: { note: () => undefined, forget: (id) => forgotten.push(id) },
    logger: quietLog,
    pollMs: 1,
  });
  await eventually(() => seen.length > 4).finally(() => watcher.close());
  expect(seen.slice(0, 4)).toEqual([[], ['a/1', 'b/1'], ['a/2', 'b/1', 'c/1'], ['a/2']]);
  expect(forgotten).toEqual(['a', 'b', 'a', 'c']);
  expect(topics).toEqual([]);
});
