import { expect, test } from '@jest/globals';
import { untilStored } from '../../activities/accounts/until-stored.ts';
import { quietLog } from '../helpers/quiet-log.ts';

const broken = (code: string): Error => Object.assign(new Error(code), { code });

test('what is in memory alone is stored as soon as PostgreSQL takes it', async () => {
  const faults = [broken('ECONNREFUSED'), broken('57P01'), new Error('Connection terminated unexpectedly')];
  const stored = await untilStored(() => (faults.length > 0 ? Promise.reject(faults.shift()!) : Promise.resolve('kept')), quietLog, 'a pair');
  expect(stored).toBe('kept');
});

test('a statement that PostgreSQL refuses for good is not repeated', async () => {
  let tries = 0;
  const store = (): Promise<never> => {
    tries += 1;
    return Promise.reject(broken('23514'));
  };
  const refused = untilStored(store, quietLog, 'a pair');
  await expect(refused).rejects.toMatchObject({ code: '23514' });
  expect(tries).toBe(1);
});
