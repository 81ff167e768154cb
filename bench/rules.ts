import { createRequire } from 'node:module';
import type { LiveEvent } from '../domain/contracts/live-event.ts';
import type { Rule } from '../domain/contracts/rule.ts';
import { jsonLogicJs, jsonRulesEngine, showrunner, showrunnerRuleSet, type RuleEngine } from './lib/rule-engines.ts';
import { mixedEvents, mixedRules } from './lib/rule-mix.ts';
import { machineFacts, median, printTable } from './lib/report.ts';

/**
 * Rule evaluations a second on one core, beside json-logic-js and json-rules-engine on the same rules and events.
 * Usage: npm run bench:rules
 */
/** Few enough to stay in the processor's cache, as an event does that has just been received; thousands measure the memory instead. */
const EVENTS = 400;
const RULES = [1, 50, 1_000];
const ROUNDS = 5;
const ROUND_MS = 500;
const WARM_UP_MS = 700;
const CHUNK = 50;
/** json-rules-engine would take minutes for all of them; the others are compared on every event. */
const COMPARED_WITH_ENGINE = 200;

interface Contender {
  engine: RuleEngine;
  events: readonly LiveEvent[];
  /** Event×rule pairs that one of its events stands for, on average. */
  pairsPerEvent: number;
  rates: number[];
}

async function main(): Promise<void> {
  const events = mixedEvents(EVENTS);
  const rows: (string | number)[][] = [];
  for (const count of RULES) rows.push(...(await compare(mixedRules(count), events)));
  console.log(`\n${machineFacts()}`);
  console.log(`Versions: json-logic-js ${versionOf('json-logic-js')}, json-rules-engine ${versionOf('json-rules-engine')}`);
  console.log(
    [
      `Method: one process, one core; ${EVENTS} events (60 % comments, 20 % gifts, 15 % likes, 5 % follows), rules of 3 conditions, all ten operators, AND and OR.`,
      `Every engine is asked the same event×rule pairs, each rule about the events of its own type, and found the same matches before the clock ran.`,
      `The peers get numbers as numbers and an added operator for contains without case. "Rule set" is ours as the product runs it: streak and history`,
      `checks included, and it counts all pairs of the whole mix, of which its index skips those of other event types.`,
      `Warm-up ${WARM_UP_MS} ms, then the median of ${ROUNDS} rounds of ${ROUND_MS} ms of CPU time (garbage collection included), the engines taking turns.`,
    ].join('\n'),
  );
  printTable(['rules', 'engine', 'evaluations/s', 'slowest', 'fastest', 'ours is faster by'], rows);
}

async function compare(rules: Rule[], events: LiveEvent[]): Promise<(string | number)[][]> {
  const types = new Set<string>(rules.map((rule) => rule.event_type));
  const asked = events.filter((event) => types.has(event.type));
  const pairs = asked.reduce((sum, event) => sum + rules.filter((rule) => rule.event_type === event.type).length, 0);
  const ours = showrunner(rules);
  const ruleSet = showrunnerRuleSet(rules);
  const peers = [jsonLogicJs(rules), jsonRulesEngine(rules)] as const;

  const matches = await agreed([ours, ruleSet, peers[0]], asked);
  await agreed([ours, peers[1]], asked.slice(0, COMPARED_WITH_ENGINE));
  console.log(`${rules.length} rules: ${matches} of ${pairs} pairs match`);

  const contenders: Contender[] = [ours, ...peers].map((engine) => ({
    engine,
    events: asked,
    pairsPerEvent: pairs / asked.length,
    rates: [],
  }));
  contenders.splice(1, 0, { engine: ruleSet, events, pairsPerEvent: rules.length, rates: [] });
  for (const contender of contenders) await rateOf(contender, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contender of contenders) contender.rates.push(await rateOf(contender, ROUND_MS));
  }
  const own = median(contenders[0]!.rates);
  return contenders.map(({ engine, rates }) => [
    rules.length,
    engine.name,
    Math.round(median(rates)),
    Math.round(Math.min(...rates)),
    Math.round(Math.max(...rates)),
    engine === ours || engine === ruleSet ? '' : `${Math.round(own / median(rates))} ×`,
  ]);
}

/** All engines must find the same number of matches; else they are not doing the same work. */
async function agreed(engines: readonly RuleEngine[], events: readonly LiveEvent[]): Promise<number> {
  const found = await Promise.all(engines.map(async (engine) => ({ name: engine.name, matches: await engine.evaluate(events) })));
  const [first] = found;
  if (found.some((one) => one.matches !== first!.matches)) throw new Error(`The engines disagree: ${JSON.stringify(found)}`);
  return first!.matches;
}

/**
 * Pairs a second of CPU time, over the events again and again for about `ms` of it. Garbage collection and compilation
 * count, also where other threads do them; the time that other processes take from this one does not.
 */
async function rateOf({ engine, events, pairsPerEvent }: Contender, ms: number): Promise<number> {
  const chunks = Array.from({ length: Math.ceil(events.length / CHUNK) }, (_, index) => events.slice(index * CHUNK, (index + 1) * CHUNK));
  const started = cpuMs();
  let spent = 0;
  let evaluated = 0;
  // Asking for the CPU time costs as much as thousands of evaluations: it is asked about every 10 ms.
  let between = 1;
  for (let turn = 0; spent < ms;) {
    for (const end = turn + between; turn < end; turn += 1) {
      const chunk = chunks[turn % chunks.length]!;
      const matches = engine.evaluate(chunk);
      if (typeof matches !== 'number') await matches;
      evaluated += chunk.length;
    }
    const now = cpuMs() - started;
    if (now - spent < 10) between *= 2;
    spent = now;
  }
  return (evaluated * pairsPerEvent) / (spent / 1_000);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** By path: not every package exports its package.json. */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const { version } = require(`../node_modules/${name}/package.json`) as { version: string };
  return version;
}

await main();
