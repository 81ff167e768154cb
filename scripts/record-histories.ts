import { ACCOUNT_RECORDINGS, recordAccounts } from '../tests/helpers/account-recording.ts';
import { ACTION_RECORDINGS, withActionParts } from '../tests/helpers/action-recordings.ts';
import { recordAnalytics } from '../tests/helpers/analytics-recording.ts';
import { BROADCAST_RECORDINGS, recordBroadcasts } from '../tests/helpers/broadcast-recording.ts';
import { CHAT_RECORDINGS, recordChat } from '../tests/helpers/chat-recording.ts';
import { ORDER_RECORDINGS, recordOrders } from '../tests/helpers/order-recording.ts';
import { recordLabel } from '../tests/helpers/label-recording.ts';
import { LEDGER_RECORDINGS, recordLedgerChecks } from '../tests/helpers/ledger-recording.ts';
import { PRODUCT_RECORDINGS, recordProducts } from '../tests/helpers/product-recording.ts';
import { PUSH_RECORDING, recordPush } from '../tests/helpers/push-recording.ts';
import { PUBLISH_RECORDINGS, recordPublishing } from '../tests/helpers/publish-recording.ts';
import { recordHistory } from '../tests/helpers/record-history.ts';
import { recordSession } from '../tests/helpers/session-recording.ts';
import { recordSync } from '../tests/helpers/sync-recording.ts';
import { recordShopAccounts, SHOP_ACCOUNT_RECORDINGS } from '../tests/helpers/shop-token-recording.ts';
import { recordShopWebhooks, SHOP_WEBHOOK_RECORDING } from '../tests/helpers/shop-webhook-recording.ts';
import { recordStores, STORE_RECORDINGS } from '../tests/helpers/store-recording.ts';
import { recordStock, STOCK_RECORDINGS } from '../tests/helpers/stock-recording.ts';
import { recordTokens, TOKEN_RECORDINGS } from '../tests/helpers/token-recording.ts';
import { recordVideos, VIDEO_RECORDINGS } from '../tests/helpers/video-recording.ts';
import { recordVods, VOD_RECORDINGS } from '../tests/helpers/vod-histories.ts';
import globalSetup from '../tests/helpers/global-setup.ts';
import globalTeardown from '../tests/helpers/global-teardown.ts';

/**
 * `npx tsx scripts/record-histories.ts [name …]`: runs workflows for real and keeps their histories in tests/histories, one
 * set a release. A history once released is never recorded over: a changed workflow must still replay it.
 */
async function main(wanted: readonly string[]): Promise<void> {
  const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  const say = (file: string): void => void process.stdout.write(`${file}\n`);
  await globalSetup();
  try {
    if (isWanted('livestream-session')) say(await recordSession());
    if (isWanted('fetch-label')) say(await recordLabel());
    if (isWanted('sync-analytics')) (await recordAnalytics()).forEach(say);
    if (isWanted('shop-sync')) (await recordSync()).forEach(say);
    if (isWanted(SHOP_WEBHOOK_RECORDING)) say(await recordShopWebhooks());
    if (isWanted(PUSH_RECORDING)) say(await recordPush());
    const broadcasts = BROADCAST_RECORDINGS.filter(isWanted);
    if (broadcasts.length > 0) (await recordBroadcasts(broadcasts)).forEach(say);
    const chats = CHAT_RECORDINGS.filter(isWanted);
    if (chats.length > 0) (await recordChat(chats)).forEach(say);
    const orders = ORDER_RECORDINGS.filter(isWanted);
    if (orders.length > 0) (await recordOrders(orders)).forEach(say);
    const tokens = TOKEN_RECORDINGS.filter(isWanted);
    if (tokens.length > 0) (await recordTokens(tokens)).forEach(say);
    const shopAccounts = SHOP_ACCOUNT_RECORDINGS.filter(isWanted);
    if (shopAccounts.length > 0) (await recordShopAccounts(shopAccounts)).forEach(say);
    const products = PRODUCT_RECORDINGS.filter(isWanted);
    if (products.length > 0) (await recordProducts(products)).forEach(say);
    const stock = STOCK_RECORDINGS.filter(isWanted);
    if (stock.length > 0) (await recordStock(stock)).forEach(say);
    const stores = STORE_RECORDINGS.filter(isWanted);
    if (stores.length > 0) (await recordStores(stores)).forEach(say);
    const vods = VOD_RECORDINGS.filter(isWanted);
    if (vods.length > 0) (await recordVods(vods)).forEach(say);
    const videos = VIDEO_RECORDINGS.filter(isWanted);
    if (videos.length > 0) (await recordVideos(videos)).forEach(say);
    const ledgers = LEDGER_RECORDINGS.filter(isWanted);
    if (ledgers.length > 0) (await recordLedgerChecks(ledgers)).forEach(say);
    const accounts = ACCOUNT_RECORDINGS.filter(isWanted);
    if (accounts.length > 0) (await recordAccounts(accounts)).forEach(say);
    const posts = PUBLISH_RECORDINGS.filter(isWanted);
    if (posts.length > 0) (await recordPublishing(posts)).forEach(say);
    const actions = Object.entries(ACTION_RECORDINGS).filter(([name]) => isWanted(name));
    if (actions.length === 0) return;
    await withActionParts(async (parts) => {
      for (const [name, run] of actions) say(await recordHistory(parts.temporal.client, name, await run(parts)));
    });
  } finally {
    await globalTeardown();
  }
}

await main(process.argv.slice(2));
process.exit();
