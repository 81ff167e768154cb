import { Gauge, type Registry } from 'prom-client';
import type { StagePool } from '../../media/stage.ts';
import { measureTogether } from '../measure-together.ts';

const THINGS = ['routers', 'transports', 'producers', 'consumers'] as const;

/** What mediasoup holds and uses, asked of it whenever Prometheus asks. */
export function addStageMetrics(registry: Registry, stages: StagePool): void {
  const collect = measureTogether(async () => {
    const stats = await stages.stats();
    viewers.set(stats.viewers);
    open.set(stats.stages);
    deaths.set(stats.deaths);
    for (const kind of THINGS) things.set({ kind }, stats[kind]);
    // A worker that does not answer has no figure, rather than an old one.
    for (const gauge of [cpu, memory, workerViewers]) gauge.reset();
    for (const { index, cpu_s, memory_bytes, viewers: count } of stats.workers) {
      cpu.set({ worker: index }, cpu_s);
      memory.set({ worker: index }, memory_bytes);
      workerViewers.set({ worker: index }, count);
    }
  });
  const common = { registers: [registry], collect };
  const byWorker = { ...common, labelNames: ['worker'] as const };
  const cpu = new Gauge({ ...byWorker, name: 'showrunner_mediasoup_cpu_seconds', help: 'CPU that a mediasoup worker has used since it started.' });
  const memory = new Gauge({ ...byWorker, name: 'showrunner_mediasoup_memory_bytes', help: 'Most memory that a mediasoup worker has had.' });
  const workerViewers = new Gauge({ ...byWorker, name: 'showrunner_mediasoup_viewers', help: 'WebRTC viewers on a mediasoup worker.' });
  const things = new Gauge({ ...common, name: 'showrunner_mediasoup_objects', help: 'Routers, transports, producers and consumers of all mediasoup workers.', labelNames: ['kind'] });
  const open = new Gauge({ ...common, name: 'showrunner_stages', help: 'Streams that have a stage on this host.' });
  const deaths = new Gauge({ ...common, name: 'showrunner_mediasoup_deaths', help: 'mediasoup workers that died since this process started.' });
  const viewers = new Gauge({ ...common, name: 'showrunner_webrtc_viewers', help: 'WebRTC viewers of this host.' });
}
