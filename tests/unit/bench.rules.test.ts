import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { jsonLogicJs, jsonRulesEngine, showrunner, showrunnerRuleSet } from '../../bench/lib/rule-engines.ts';
import { mixedEvents, mixedRules } from '../../bench/lib/rule-mix.ts';
import { machineFacts, median, printTable, quantile } from '../../bench/lib/report.ts';
import { OPERATORS } from '../../domain/contracts/rule.ts';

describe('the rules benchmark', () => {
  const rules = mixedRules(40);
  const events = mixedEvents(100);

  test('asks with all ten operators and both logics, and some rules match and some do not', async () => {
    expect(new Set(rules.flatMap((rule) => rule.conditions.map((condition) => condition.operator)))).toEqual(new Set(OPERATORS));
    expect(new Set(rules.map((rule) => rule.logic_operator))).toEqual(new Set(['AND', 'OR']));
    const matches = await showrunner(rules).evaluate(events);
    expect(matches).toBeGreaterThan(0);
    expect(matches).toBeLessThan(1_000);
  });

  test('compares engines that agree about every single event', async () => {
    const engines = [showrunner(rules), showrunnerRuleSet(rules), jsonLogicJs(rules), jsonRulesEngine(rules)];
    for (const event of events) {
      const found = await Promise.all(engines.map(async (engine) => engine.evaluate([event])));
      expect(new Set(found).size).toBe(1);
    }
  });
});

describe('a benchmark’s report', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('takes quantiles by the nearest rank', () => {
    const samples = [5, 1, 4, 2, 3];
    expect([median(samples), quantile(samples, 0), quantile(samples, 0.99), quantile(samples, 0.2)]).toEqual([3, 1, 5, 1]);
    expect(samples).toEqual([5, 1, 4, 2, 3]);
    expect(median([])).toBeNaN();
  });

  test('is a Markdown table with numbers to the right', () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    printTable(
      ['name', 'ms'],
      [
        ['long name', 1_234.5],
        ['x', 0.125],
      ],
    );
    expect(log.mock.calls[0]![0]).toBe(
      ['| name      |    ms |', '| --------- | ----: |', '| long name | 1,235 |', '| x         |  0.13 |'].join('\n'),
    );
  });

  test('names the machine', () => {
    expect(machineFacts()).toMatch(/^Machine: \d+ × .+ GiB, .+, Node v\d+/);
  });
});
