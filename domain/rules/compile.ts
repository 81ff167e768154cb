import type { LiveEvent } from '../contracts/live-event.ts';
import type { Rule, RuleEvent, RuleEventType } from '../contracts/rule.ts';
import { compileRule, type CompiledRule } from './compiled-rule.ts';
import { isTrigger } from './trigger.ts';

export { compileRule, type CompiledRule, type ExplainedCondition, type Explanation, type RuleLogic } from './compiled-rule.ts';

/** Rules of one event type: those of every livestream, and those of one. */
interface Bucket {
  everywhere: CompiledRule[];
  byLivestream: Map<string, CompiledRule[]>;
}

const NONE: readonly CompiledRule[] = [];

/** The active rules of a workspace, indexed so that rules of other event types and livestreams cost nothing. Immutable. */
export class RuleSet {
  readonly size: number;
  readonly #buckets = new Map<RuleEventType, Bucket>();

  constructor(rules: readonly Rule[]) {
    this.size = rules.length;
    for (const rule of rules) this.#add(compileRule(rule));
  }

  /** Rules that wait for events of this type in this livestream: the workspace's first, then the livestream's own. */
  candidates(event: Pick<LiveEvent, 'type' | 'livestream_id'>): readonly CompiledRule[] {
    const bucket = this.#buckets.get(event.type);
    if (!bucket) return NONE;
    const own = bucket.byLivestream.get(event.livestream_id);
    return own ? [...bucket.everywhere, ...own] : bucket.everywhere;
  }

  /** Calls `onMatch` for each rule that the event triggers and whose conditions hold, in the order of candidates(). */
  evaluate(event: RuleEvent, onMatch: (compiled: CompiledRule) => void): void {
    const bucket = this.#buckets.get(event.type);
    if (!bucket) return;
    evaluateEach(bucket.everywhere, event, onMatch);
    // An order is of no livestream, and no rule for one waits for it.
    const own = bucket.byLivestream.get((event as LiveEvent).livestream_id);
    if (own) evaluateEach(own, event, onMatch);
  }

  #add(compiled: CompiledRule): void {
    const { event_type, livestream_id } = compiled.rule;
    let bucket = this.#buckets.get(event_type);
    if (!bucket) this.#buckets.set(event_type, (bucket = { everywhere: [], byLivestream: new Map() }));
    if (livestream_id === null) {
      bucket.everywhere.push(compiled);
      return;
    }
    const own = bucket.byLivestream.get(livestream_id);
    if (own) own.push(compiled);
    else bucket.byLivestream.set(livestream_id, [compiled]);
  }
}

/** Compiles the active rules of a workspace; their order is kept. */
export const compileRuleSet = (rules: readonly Rule[]): RuleSet => new RuleSet(rules);

function evaluateEach(rules: readonly CompiledRule[], event: RuleEvent, onMatch: (compiled: CompiledRule) => void): void {
  for (const compiled of rules) {
    if (isTrigger(compiled.rule, event) && compiled.matches(event)) onMatch(compiled);
  }
}
