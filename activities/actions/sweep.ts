import type { Logger } from 'pino';
import type { Db } from '../../db/client.ts';
import { adoptAbandoned, listWaitingTargets } from '../../db/action.repository.ts';
import { listNeglectedRestores } from '../../db/device-restore.repository.ts';
import { eachInLanes } from './each-in-lanes.ts';
import type { WorkflowStarter } from './workflow-starter.ts';

export interface SweepDeps {
  db: Db;
  starter: WorkflowStarter;
  logger: Pick<Logger, 'info'>;
}

export interface SweepReport {
  adopted: number;
  targets: number;
  restores: number;
}

/** A first attempt that takes longer than this has nobody who makes it. */
const ABANDONED_AFTER_MS = 120_000;
const MOST_ACTIONS = 5_000;
const MOST_WORKFLOWS = 500;
const AT_ONCE = 10;

export function createSweepActions({ db, starter, logger }: SweepDeps) {
  return {
    /** Finds what nobody delivers any more, because a process died or Temporal was away, and starts its workflow. */
    async sweepActions(): Promise<SweepReport> {
      const adopted = await adoptAbandoned(db, ABANDONED_AFTER_MS, MOST_ACTIONS);
      const targets = await listWaitingTargets(db, MOST_WORKFLOWS);
      const restores = await listNeglectedRestores(db, MOST_WORKFLOWS);
      const starts = [
        ...targets.map((target) => () => starter.deliver(target)),
        ...restores.map((restore) => () => starter.restore(restore)),
      ];
      await eachInLanes(starts, AT_ONCE, (start) => start());
      const report = { adopted, targets: targets.length, restores: restores.length };
      if (adopted + report.targets + report.restores > 0) logger.info(report, 'unfinished actions and restores have their workflows');
      return report;
    },
  };
}
