import { Agent, request } from 'node:http';

/** What the load generator is told on its command line, as JSON. */
export interface GetLoad {
  base: string;
  paths: string[];
  token: string;
  seconds: number;
  /** Each asks again as soon as it has its answer. */
  connections: number;
}

export interface GetLoadResult {
  statuses: Record<string, number>;
  seconds: number;
  /** Milliseconds. */
  latencies: number[];
}

const MOST_LATENCIES = 500_000;

/** Asks for paths in turn, over connections that stay open. */
export async function getAll({ base, paths, token, seconds, connections }: GetLoad): Promise<GetLoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses: Record<string, number> = {};
  const latencies: number[] = [];
  const headers = { authorization: `Bearer ${token}` };
  const get = (path: string): Promise<void> =>
    new Promise((resolve) => {
      const askedAt = performance.now();
      const end = (status: string): void => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (latencies.length < MOST_LATENCIES) latencies.push(performance.now() - askedAt);
        resolve();
      };
      request(`${base}${path}`, { agent, headers, timeout: 10_000 }, (response) => response.resume().on('end', () => end(String(response.statusCode))))
        .on('error', ({ message }) => end(message))
        .end();
    });
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  let turn = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < until) await get(paths[turn++ % paths.length]!);
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const took = (performance.now() - startedAt) / 1_000;
  agent.destroy();
  return { statuses, seconds: took, latencies };
}

if (process.argv[1]?.endsWith('get-load.ts')) process.send!(await getAll(JSON.parse(process.argv[2]!) as GetLoad));
