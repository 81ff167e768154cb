import { z } from 'zod';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { listPayouts, openPayout, type PayoutRow } from '../../db/payout.repository.ts';
import { MAX_COINS } from '../../domain/contracts/coin.ts';
import type { PayoutDestination } from '../../domain/contracts/payout.ts';
import { hintOf, payoutAmount } from '../../domain/social/payout.ts';
import { ApiError, fieldError } from '../errors.ts';
import { encodeCursor, idBefore } from '../paging.ts';
import { parseDestination } from '../payout-destination.ts';
import { PAGE_SIZE, pageCursor, requestId, startingPoint, whole } from './fields.ts';
import { EXAMPLE_PAYOUT, payoutView } from './payout-views.ts';
import { defineVerb, type Verb } from './verb.ts';
import { textOf } from './views.ts';

const requestPayout = defineVerb({
  name: 'requestPayout',
  summary: 'Asks for coins to be paid out in money',
  description:
    '`destination` is an object (in forms: JSON): `{method: "bank_transfer", account_holder, iban, bic?}`, `{method: "bank_account", account_holder, account_number, bank_code, country}` or `{method: "paypal", email}`. It is kept encrypted, and shown as a hint only. ' +
    'The coins leave the wallet at once and are held; after the hold time an admin approves, and the payout is `paid`, or `returned` with its coins. `amount` is in minor units of `currency`. One payout at a time, from a least number of coins on. The same `request_id` asks once.',
  access: 'user',
  input: z.object({ coins: whole(1, MAX_COINS), destination: z.union([z.string().max(2_000), z.record(z.string(), z.unknown())], 'is needed'), request_id: requestId }),
  turns_per_minute: 10,
  example: {
    request: { coins: '2000', destination: { method: 'bank_transfer', account_holder: 'Ada Lovelace', iban: 'DE89 3704 0044 0532 0130 00' }, request_id: 'b7a1c0de-0001' },
    msg: { Payout: EXAMPLE_PAYOUT, wallet: '500' },
  },
  async run({ deps, workspace_id, user, request_id: callId, log }, { coins, destination: given, request_id }) {
    const { db, config, secrets, temporal } = deps;
    const { minCoins, coinMinor, currency, holdS } = config.social.payout;
    const destination = parseDestination(given);
    if (coins < minCoins) throw new ApiError('payout_too_small', { detail: `at least ${minCoins}` });
    const amount_minor = payoutAmount(coins, coinMinor);
    if (amount_minor === null) throw fieldError('coins', 'is not an amount that can be paid out');
    const outcome = await openPayout(db, {
      ...{ workspace_id, user_id: user.id, request_id, coins, amount_minor, currency },
      destination: secrets.seal(JSON.stringify(destination)),
      destination_hint: hintOf(destination),
      hold_until: new Date(Date.now() + holdS * 1_000),
    });
    if (outcome.kind === 'gone') throw new ApiError('user_gone');
    if (outcome.kind === 'short') throw new ApiError('insufficient_coins');
    const { kind, row } = outcome;
    if (kind === 'open') throw new ApiError('payout_open', { detail: `that of ${row.coins} coins` });
    if (kind === 'repeated' && !isSame(row, coins, destination, secrets.open(row.destination))) throw new ApiError('request_reused');
    if (kind === 'made') await temporal.social.payout({ payout_id: row.id, workspace_id, request_id: callId }).catch((error: unknown) => log.warn({ err: error, payout_id: row.id }, 'the payout is kept; the sweep starts it'));
    return { Payout: payoutView(row), wallet: textOf((await walletOf(db, workspace_id, user.id)).balance) };
  },
});

const isSame = (row: PayoutRow, coins: number, destination: PayoutDestination, before: string): boolean => row.coins === coins && before === JSON.stringify(destination);

const showPayouts = defineVerb({
  name: 'showPayouts',
  summary: 'The user’s payouts, newest first',
  description: '`min_coins` and `coin_value` (of 100 coins, in minor units of `currency`) say what a new one would be worth. `status`: `held`, `awaiting_approval`, `approved` (on its way), `paid`, or `returned` with a reason.',
  access: 'user',
  input: z.object({ starting_point: startingPoint, cursor: pageCursor }),
  turns_per_minute: 60,
  example: { request: { starting_point: '0' }, msg: { Payouts: [{ Payout: EXAMPLE_PAYOUT }], next: '', min_coins: '1000', coin_value: '50', currency: 'USD' } },
  async run({ deps: { db, config }, workspace_id, user }, { starting_point, cursor }) {
    const { minCoins, coinMinor, currency } = config.social.payout;
    const before = cursor === null ? null : idBefore(cursor)!;
    const rows = await listPayouts(db, { workspace_id, user_id: user.id, before, skip: before === null ? starting_point * PAGE_SIZE : 0, limit: PAGE_SIZE + 1 });
    const shown = rows.slice(0, PAGE_SIZE);
    const last = shown.at(-1);
    return {
      Payouts: shown.map((row) => ({ Payout: payoutView(row) })),
      next: rows.length > PAGE_SIZE && last ? encodeCursor([last.id]) : '',
      ...{ min_coins: textOf(minCoins), coin_value: textOf(coinMinor), currency },
    };
  },
});

export const payoutVerbs: readonly Verb[] = [requestPayout, showPayouts];
