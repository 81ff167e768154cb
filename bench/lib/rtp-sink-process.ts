import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SinkCount } from './rtp-sink.ts';

const ANSWER_MS = 10_000;

export interface RtpSink {
  pid: number;
  port: number;
  /** Counts from here on, what has this payload type alone. */
  reset(payloadType: number): Promise<void>;
  count(): Promise<SinkCount>;
  /** Packets that the kernel had to throw away at its port, since it did not take them fast enough; so far. */
  dropped(): Promise<number>;
  stop(): Promise<void>;
}

export async function startRtpSink(): Promise<RtpSink> {
  const child = fork(fileURLToPath(new URL('rtp-sink.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const { port } = await answer<{ port: number }>(child);
  const ask = <T>(what: 'count' | { payload_type: number }): Promise<T> => {
    const answered = answer<T>(child);
    child.send(what);
    return answered;
  };
  return {
    pid: child.pid!,
    port,
    reset: async (payload_type) => void (await ask({ payload_type })),
    count: () => ask<SinkCount>('count'),
    dropped: () => dropsAt(port),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const answer = async <T>(child: ChildProcess): Promise<T> => {
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) })) as [T];
  return message;
};

/** https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html; the last column is what was dropped. */
async function dropsAt(port: number): Promise<number> {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = (await readFile('/proc/net/udp', 'utf8')).split('\n').find((each) => each.trim().split(/\s+/)[1] === address);
  return Number(line?.trim().split(/\s+/).at(-1) ?? 0);
}
