import type { LedgerFault } from '../contracts/coin.ts';

/** Most faults that are told of one check; one is enough to be alarmed. */
export const MOST_FAULTS = 100;

/** How far one part of a check has come: in its heartbeats, so that another attempt goes on there. */
export interface CheckTally {
  checked: number;
  /** The last one that was looked at; null: none yet. */
  last: string | null;
  faults: LedgerFault[];
}

export const NO_TALLY: CheckTally = { checked: 0, last: null, faults: [] };

export const addBatch = (tally: CheckTally, { checked, last, faults }: CheckTally): CheckTally => ({
  checked: tally.checked + checked,
  last: last ?? tally.last,
  faults: [...tally.faults, ...faults].slice(0, MOST_FAULTS),
});

const WORDS: Record<LedgerFault['kind'], string> = {
  movement_unbalanced: 'movements that do not balance',
  balance_differs: 'balances that are not the sum of their entries',
  sum_not_zero: 'apps whose coins do not add up to zero',
  count_differs: 'counts that are not those of their rows',
  gift_differs: 'gifts that are not what was moved',
};

/** "2 balances that …, 1 …", for people. */
export function wordsOfFaults(faults: readonly LedgerFault[]): string {
  const counts = new Map<LedgerFault['kind'], number>();
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const more = faults.length >= MOST_FAULTS ? ', and maybe more' : '';
  return `${[...counts].map(([kind, count]) => `${count} ${WORDS[kind]}`).join(', ')}${more}`;
}
