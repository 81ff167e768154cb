import type { RedisClientType } from 'redis';
import { newId } from '../../db/ids.ts';
import type { LocalViewers, PresenceCount } from './presence.ts';

/** A process that says nothing for so long is gone, and whoever it held with it; longer than three recounts. */
const LIFE_MS = 50_000;
const CHUNK = 5_000;

/**
 * Users of all processes that are alive, and the sum of their sockets. KEYS: processes. ARGV: now, prefix of the users' sets.
 * The names of the sets are made here: all of a stream's keys lie in one slot by their hash tag.
 */
const COUNT = `
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local processes = redis.call('ZRANGE', KEYS[1], 0, -1)
if #processes == 0 then return {0, 0} end
local sets, sockets = {}, 0
for index, process in ipairs(processes) do
  sets[index] = ARGV[2] .. process
  sockets = sockets + tonumber(redis.call('GET', ARGV[2] .. process .. ':sockets') or '0')
end
local viewers = #sets == 1 and redis.call('SCARD', sets[1]) or #redis.call('SUNION', unpack(sets))
return {viewers, sockets}`;

/** Each process keeps the set of its users of each stream in Redis; the union of the sets are the viewers. */
export function createRedisPresence(client: RedisClientType, local: LocalViewers): PresenceCount {
  const process = newId();
  /** What Redis was last told, by stream. */
  const known = new Map<string, Set<string>>();
  // A Redis that was away may have come back empty.
  client.on('ready', () => known.clear());

  const keys = (streamId: string) => {
    const prefix = `showrunner:chat:{${streamId}}:`;
    return { processes: `${prefix}processes`, sets: prefix, users: `${prefix}${process}`, sockets: `${prefix}${process}:sockets` };
  };

  const update = async (streamId: string): Promise<void> => {
    const { users: present, sockets } = local(streamId);
    const key = keys(streamId);
    const pipeline = client.multi();
    const before = known.get(streamId);
    if (present.size === 0) {
      pipeline.del(key.users).del(key.sockets).zRem(key.processes, process);
    } else {
      const users = [...present.keys()];
      const gone = before ? [...before].filter((user) => !present.has(user)) : [];
      const come = before ? users.filter((user) => !before.has(user)) : users;
      if (!before) pipeline.del(key.users);
      for (let at = 0; at < come.length; at += CHUNK) pipeline.sAdd(key.users, come.slice(at, at + CHUNK));
      for (let at = 0; at < gone.length; at += CHUNK) pipeline.sRem(key.users, gone.slice(at, at + CHUNK));
      pipeline.set(key.sockets, String(sockets), { PX: LIFE_MS }).pExpire(key.users, LIFE_MS);
      pipeline.zAdd(key.processes, { score: Date.now() + LIFE_MS, value: process }).pExpire(key.processes, LIFE_MS);
    }
    // What Redis holds is unknown until it has answered: after a failure the set is written anew.
    known.delete(streamId);
    const next = new Set(present.keys());
    await pipeline.exec();
    if (next.size > 0) known.set(streamId, next);
  };

  return {
    async count(streamId) {
      if (!client.isReady) throw new Error('Redis does not answer');
      await update(streamId);
      const { processes, sets } = keys(streamId);
      const [viewers = 0, sockets = 0] = (await client.eval(COUNT, { keys: [processes], arguments: [String(Date.now()), sets] })) as number[];
      return { viewers, sockets };
    },
    async close() {
      if (!client.isReady) return;
      const pipeline = client.multi();
      for (const streamId of known.keys()) {
        const key = keys(streamId);
        pipeline.del(key.users).del(key.sockets).zRem(key.processes, process);
      }
      await pipeline.exec();
    },
  };
}
