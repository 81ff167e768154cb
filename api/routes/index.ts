import type { Router } from '../context.ts';
import type { ApiDeps } from '../deps.ts';
import { analyticsRoutes } from './analytics.ts';
import { appExportRoutes } from './app-exports.ts';
import { appMediaRoutes } from './app-media.ts';
import { authRoutes } from './auth.ts';
import { channelSyncRoutes } from './channel-sync.ts';
import { channelRoutes } from './channels.ts';
import { chatModerationRoutes } from './chat-moderation.ts';
import { chatRoutes } from './chat.ts';
import { deviceRoutes } from './devices.ts';
import { docsRoutes } from './docs.ts';
import { eventExplanationRoutes } from './event-explanation.ts';
import { eventStreamRoutes } from './event-stream.ts';
import { eventRoutes } from './events.ts';
import { executionRoutes } from './executions.ts';
import { inventoryRoutes } from './inventory.ts';
import { jobRoutes } from './jobs.ts';
import { limitRoutes } from './limits.ts';
import { livePageRoutes } from './live-pages.ts';
import { livestreamReportRoutes } from './livestream-report.ts';
import { livestreamRoutes } from './livestreams.ts';
import { mediaRoutes } from './media.ts';
import { memberRoutes } from './members.ts';
import { messageRoutes } from './messages.ts';
import { notificationRoutes } from './notifications.ts';
import { orderRoutes } from './orders.ts';
import { pageFileRoutes } from './page-files.ts';
import { postEventRoutes } from './post-events.ts';
import { postRoutes } from './posts.ts';
import { productRoutes } from './products.ts';
import { ruleTestRoutes } from './rule-test.ts';
import { ruleTransferRoutes } from './rule-transfer.ts';
import { ruleRoutes } from './rules.ts';
import { shopWebhookDeliveryRoutes } from './shop-webhook-deliveries.ts';
import { shopWebhookRoutes } from './shop-webhook.ts';
import { shippingRoutes } from './shipping.ts';
import { shopConnectRoutes } from './shop-connect.ts';
import { socialAccountRoutes } from './social-accounts.ts';
import { socialCatalogueRoutes } from './social-catalogue.ts';
import { socialModerationRoutes } from './social-moderation.ts';
import { socialPageRoutes } from './social-page.ts';
import { socialPayoutRoutes } from './social-payouts.ts';
import { storeNotificationRoutes } from './store-notifications.ts';
import { socialReportRoutes } from './social-reports.ts';
import { streamEventRoutes } from './stream-event.ts';
import { streamRoutes } from './streams.ts';
import { streamWatchingRoutes } from './stream-watching.ts';
import { systemRoutes } from './system.ts';
import { tiktokOauthRoutes } from './tiktok-oauth.ts';
import { tiktokWebhookRoutes } from './tiktok-webhook.ts';
import { vodPlayRoutes } from './vod-play.ts';
import { vodPublicRoutes } from './vod-public.ts';
import { vodPublishRoutes } from './vod-publish.ts';
import { vodUploadRoutes } from './vod-upload.ts';
import { vodRoutes } from './vods.ts';
import { workspaceRoutes } from './workspaces.ts';
import { verbRoutes } from '../verbs/router.ts';

/** Every group of routes; a new one is a line here. */
const GROUPS: readonly ((deps: ApiDeps) => Router)[] = [
  systemRoutes,
  authRoutes,
  workspaceRoutes,
  memberRoutes,
  deviceRoutes,
  notificationRoutes,
  livestreamRoutes,
  livestreamReportRoutes,
  // Before /api/events/{id} and /api/rules/{id}: the first route that fits is taken.
  eventStreamRoutes,
  eventRoutes,
  eventExplanationRoutes,
  ruleTransferRoutes,
  ruleRoutes,
  ruleTestRoutes,
  executionRoutes,
  limitRoutes,
  tiktokOauthRoutes,
  socialAccountRoutes,
  postRoutes,
  postEventRoutes,
  mediaRoutes,
  tiktokWebhookRoutes,
  // Before /orders/{order_id}.
  channelSyncRoutes,
  orderRoutes,
  shopWebhookRoutes,
  shopWebhookDeliveryRoutes,
  shippingRoutes,
  // Before /products/{product_id}.
  inventoryRoutes,
  productRoutes,
  jobRoutes,
  messageRoutes,
  analyticsRoutes,
  streamRoutes,
  streamWatchingRoutes,
  streamEventRoutes,
  socialPageRoutes,
  socialCatalogueRoutes,
  pageFileRoutes,
  livePageRoutes,
  chatModerationRoutes,
  chatRoutes,
  shopConnectRoutes,
  channelRoutes,
  // Before /vod/{id}.
  vodUploadRoutes,
  vodRoutes,
  vodPlayRoutes,
  vodPublicRoutes,
  vodPublishRoutes,
  appMediaRoutes,
  appExportRoutes,
  socialReportRoutes,
  socialModerationRoutes,
  storeNotificationRoutes,
  socialPayoutRoutes,
  // Last of those under /api: it also answers verbs that there are not.
  verbRoutes,
];

export function mountRoutes(app: Router, deps: ApiDeps): void {
  for (const group of GROUPS) app.route('/', group(deps));
  app.route('/', docsRoutes(deps, app));
}
