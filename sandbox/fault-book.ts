import { pushBounded } from './open-api/state/bounded-map.ts';

/** How often a fault strikes, and how many fitting calls it lets through first. */
export interface FaultCount {
  times: number;
  skip: number;
}

export type Booked<Input extends FaultCount> = Input & { id: number; left: number; skipped: number };

export interface FaultBook<Input extends FaultCount, Call> {
  add(input: Input): Booked<Input>;
  /** The first fault that fits this call, used up by one. */
  take(call: Call): Booked<Input> | null;
  all(): readonly Booked<Input>[];
  reset(): void;
}

const MAX_FAULTS = 1_000;

/** Faults that wait for their calls, oldest first. */
export function createFaultBook<Input extends FaultCount, Call>(fits: (fault: Input, call: Call) => boolean): FaultBook<Input, Call> {
  let faults: Booked<Input>[] = [];
  let lastId = 0;
  return {
    add: (input) => {
      const fault = { ...input, id: ++lastId, left: input.times, skipped: 0 };
      pushBounded(faults, fault, MAX_FAULTS);
      return fault;
    },
    take: (call) => {
      const fault = faults.find((each) => fits(each, call));
      if (!fault) return null;
      if (fault.skipped < fault.skip) {
        fault.skipped += 1;
        return null;
      }
      fault.left -= 1;
      if (fault.left === 0) faults = faults.filter((each) => each !== fault);
      return fault;
    },
    all: () => faults,
    reset: () => void (faults = []),
  };
}

/** For the journal. */
export const faultName = ({
  answer,
  drop,
  delay_ms,
}: {
  answer?: { status: number; acted: boolean } | undefined;
  drop?: string | undefined;
  delay_ms: number;
}): string =>
  [drop ? `drop_${drop}` : '', answer ? `answer_${answer.status}${answer.acted ? '_acted' : ''}` : '', delay_ms > 0 ? `delay_${delay_ms}` : '']
    .filter((part) => part !== '')
    .join(' ');
