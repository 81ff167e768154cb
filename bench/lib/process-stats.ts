import { readdir, readFile } from 'node:fs/promises';

const TICKS_PER_SECOND = 100;

export interface ProcessStats {
  cpu_s: number;
  rss_mb: number;
}

/** CPU seconds so far and resident memory of a process, from /proc (Linux). */
export async function statsOf(pid: number): Promise<ProcessStats> {
  const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')]);
  // The command's name may hold spaces; the fields that count come after its closing bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rss = /VmRSS:\s+(\d+)/.exec(status)?.[1] ?? '0';
  return { cpu_s: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, rss_mb: Number(rss) / 1024 };
}

/** CPU seconds of all processes of a name together, those that ended meanwhile left out. */
export async function cpuOfAll(name: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const seconds = await Promise.all(
    pids.map(async (pid) => {
      try {
        if ((await readFile(`/proc/${pid}/comm`, 'utf8')).trim() !== name) return 0;
        return (await statsOf(Number(pid))).cpu_s;
      } catch {
        return 0;
      }
    }),
  );
  return seconds.reduce((sum, each) => sum + each, 0);
}
