import { z } from 'zod';
import { readAppUsers } from '../../db/app-user.repository.ts';
import { listCoinPackages, listGifts } from '../../db/coin-catalogue.repository.ts';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { listWalletEntries, type WalletEntry } from '../../db/coin-transaction.repository.ts';
import { relationshipsOf } from '../../db/relation.repository.ts';
import { decodeCursor, toPage } from '../paging.ts';
import { coinPackageView, entryGiftView, giftView, walletEntryView } from './coin-views.ts';
import { EXAMPLE_ENTRY, EXAMPLE_GIFT, EXAMPLE_PACKAGE } from './coin-examples.ts';
import { PAGE_SIZE } from './fields.ts';
import { listPage, PAGE_FIELDS, PAGING_NOTE, type ListPage, type PageStart } from './pages.ts';
import { defineVerb, type Verb, type VerbCall } from './verb.ts';
import { textOf, userView } from './views.ts';

const showGifts = defineVerb({
  name: 'showGifts',
  summary: 'Gifts that can be sent, the cheapest first',
  description: '`coins` is the price of one.',
  access: 'optional',
  input: z.object({}),
  turns_per_minute: 60,
  example: { request: {}, msg: { Gifts: [{ Gift: EXAMPLE_GIFT }] } },
  async run({ deps, workspace_id }) {
    return { Gifts: (await listGifts(deps.db, workspace_id)).map((gift) => ({ Gift: giftView(gift) })) };
  },
});

const showCoinPackages = defineVerb({
  name: 'showCoinPackages',
  summary: 'Coins that can be bought, the cheapest first',
  description: 'What is paid is what the store says of its product; `price` is for people. How coins come into the wallet: purchaseCoin.',
  access: 'optional',
  input: z.object({}),
  turns_per_minute: 60,
  example: { request: {}, msg: { CoinPackages: [{ CoinPackage: EXAMPLE_PACKAGE }] } },
  async run({ deps, workspace_id }) {
    return { CoinPackages: (await listCoinPackages(deps.db, workspace_id)).map((one) => ({ CoinPackage: coinPackageView(one) })) };
  },
});

const entryCursor = z.tuple([z.int().min(0)]);

const showTransactions = defineVerb({
  name: 'showTransactions',
  summary: 'What went into and out of one’s wallet, newest first',
  description: `\`kind\` is gift, purchase, refund, payout_hold, payout_return, grant or forfeit; \`amount\` has its sign, \`balance\` is what the wallet then held. \`User\` is who gave or got a gift, null where that is nobody, or nobody to be seen. ${PAGING_NOTE}`,
  access: 'user',
  input: z.object(PAGE_FIELDS),
  turns_per_minute: 120,
  example: { request: { starting_point: '0' }, msg: { Transactions: [EXAMPLE_ENTRY], wallet: '9900', next: '' } },
  async run(call, input) {
    const { deps, workspace_id, user } = call;
    const { entries, next } = await listPage(call, 'transactions', input, (start) => entriesFrom(call, start));
    const others = [...new Set(entries.flatMap(({ other_id }) => other_id ?? []))];
    const [people, relationships, { balance }] = await Promise.all([
      readAppUsers(deps.db, workspace_id, others),
      relationshipsOf(deps.db, user.id, others),
      walletOf(deps.db, workspace_id, user.id),
    ]);
    const userOf = (id: string | null) => {
      const other = people.get(id ?? '');
      return other ? userView(other, relationships.get(other.id)) : null;
    };
    return { Transactions: entries.map((entry) => ({ Transaction: walletEntryView(entry), Gift: entryGiftView(entry.gift), User: userOf(entry.other_id) })), wallet: textOf(balance), next: next ?? '' };
  },
});

async function entriesFrom({ deps, workspace_id, user }: VerbCall, { cursor, skip }: PageStart): Promise<ListPage<WalletEntry>> {
  const before = cursor === null ? null : decodeCursor(cursor, entryCursor)[0];
  const rows = await listWalletEntries(deps.db, { workspace_id, user_id: user.id, before, offset: skip, limit: PAGE_SIZE + 1 });
  const { items, next_cursor } = toPage(rows, PAGE_SIZE, (row) => row, ({ id }) => [id]);
  return { entries: items, next: next_cursor };
}

export const walletVerbs: readonly Verb[] = [showGifts, showCoinPackages, showTransactions];
