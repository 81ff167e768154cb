/** Task queues, one for each role of worker. A prefix keeps installations apart that share a namespace. */
export const ROLES = ['live', 'actions', 'publish', 'shop', 'media', 'social'] as const;
export type Role = (typeof ROLES)[number];

export const taskQueue = (role: Role, prefix = ''): string => `${prefix}${role}`;

/**
 * Where a role does what others wait for, such as a refresh: an upload that waits for a token holds a slot of the
 * publish queue, and a hundred of them must not keep the refresh from getting one. The role shop has one for the same reason.
 * @param roleQueue task queue of the role publish or shop
 */
export const accountsTaskQueue = (roleQueue: string): string => `${roleQueue}-accounts`;

/** Where videos of the app are transcoded: each takes a processor for minutes, and must not keep a purchase from its slot. @param roleQueue task queue of the role social */
export const transcodeTaskQueue = (roleQueue: string): string => `${roleQueue}-transcode`;

/** Where recordings are joined, files fetched and clips cut: each takes minutes to hours, and must not keep a stream from going live. @param roleQueue task queue of the role media */
export const vodsTaskQueue = (roleQueue: string): string => `${roleQueue}-vods`;

/** Workflow ids are natural keys: a second start of the same thing is refused, not doubled. */
export const livestreamWorkflowId = (livestreamId: string): string => `livestream:${livestreamId}`;
export const deliverWorkflowId = (target: string): string => `deliver:${target}`;
export const restoreWorkflowId = (deviceId: string): string => `restore:${deviceId}`;

export const deviceCommandWorkflowId = (deviceId: string, idempotencyKey: string): string => `command:${deviceId}:${idempotencyKey}`;

export const tiktokTokenWorkflowId = (socialAccountId: string): string => `tiktok-token:${socialAccountId}`;
export const publishWorkflowId = (postId: string): string => `publish:${postId}`;
export const tiktokWebhookWorkflowId = (webhookId: string): string => `tiktok-webhook:${webhookId}`;
/** Also the id of its Schedule. */
export const analyticsWorkflowId = (socialAccountId: string): string => `analytics:${socialAccountId}`;


/** One for each seller's authorization, which may cover several shops. */
export const shopTokenWorkflowId = (authorizationId: string): string => `shop-token:${authorizationId}`;
/** A channel is one shop in one workspace. */
export const fulfilOrderWorkflowId = (channelId: string, orderId: string): string => `order:${channelId}:${orderId}`;
export const shopWebhooksWorkflowId = (shopId: string): string => `shop-webhooks:${shopId}`;
export const channelStockWorkflowId = (channelId: string): string => `stock:${channelId}`;
export const refreshProductsWorkflowId = (channelId: string): string => `products:${channelId}`;
/** Also the id of its Schedule. */
export const shopSyncWorkflowId = (channelId: string): string => `shop-sync:${channelId}`;
export const jobWorkflowId = (jobId: string): string => `job:${jobId}`;
export const shopReadWorkflowId = (readId: string): string => `shop-read:${readId}`;
/** One for each document, so that two who print it wait for one. */
export const fetchLabelWorkflowId = ({ channel_id, package_id, type, size }: { channel_id: string; package_id: string; type: string; size: string | null }): string =>
  `label:${channel_id}:${package_id}:${type}:${size ?? ''}`;
export const connectShopsWorkflowId = (oauthStateId: string): string => `connect-shops:${oauthStateId}`;

/** Sockets can't move: what has to do with a session is done by the host that holds it. @param roleQueue task queue of the role media */
export const mediaHostTaskQueue = (roleQueue: string, hostId: string): string => `${roleQueue}-host:${hostId}`;

/** The life of a stream that we host. */
export const broadcastWorkflowId = (streamId: string): string => `broadcast:${streamId}`;
export const publishClipWorkflowId = (clipId: string): string => `publish-clip:${clipId}`;
export const ingestVodWorkflowId = (vodId: string): string => `ingest-vod:${vodId}`;
export const chatRestrictionWorkflowId = (restrictionId: string): string => `chat-restriction:${restrictionId}`;

/** Of the social app. */
export const purchaseWorkflowId = (purchaseId: string): string => `purchase:${purchaseId}`;
export const payoutWorkflowId = (payoutId: string): string => `payout:${payoutId}`;
export const processVideoWorkflowId = (videoId: string): string => `process-video:${videoId}`;
export const accountDeletionWorkflowId = (userId: string): string => `delete-account:${userId}`;
/** One for an installation. */
export const pushNotificationsWorkflowId = (prefix = ''): string => `${prefix}push-notifications`;
export const dataExportWorkflowId = (exportId: string): string => `export-data:${exportId}`;

export const livestreamIdOf = (workflowId: string): string | null =>
  workflowId.startsWith('livestream:') ? workflowId.slice('livestream:'.length) : null;

/** PostgreSQL channels: a hint that there is something new; the truth is in the tables. */
export const CHANNELS = {
  /** Payload: workspace id whose feed grew. */
  feed: 'showrunner_feed',
  /** Payload: workspace id whose rules (or their plan) changed. */
  rules: 'showrunner_rules',
  /** Payload: id of a post whose row or timeline changed. */
  posts: 'showrunner_posts',
  /** Payload: none. There are messages for other systems. */
  outbox: 'showrunner_outbox',
  /** Payload (see changedRow): a stream whose row changed. */
  streams: 'showrunner_streams',
  /** Payload (see changedRow): a VOD whose row changed. */
  vods: 'showrunner_vods',
  /** Payload: JSON, what of a chat's moderation changed. */
  chat: 'showrunner_chat',
  /** Payload: id of a notification of the social app (or `gone`: the account was deleted), and of its user, parted by a space. */
  app: 'showrunner_app',
  /** Payload: none. There are gifts that rules have not seen. */
  gifts: 'showrunner_gifts',
} as const;

/** The payload of CHANNELS.streams and .vods: which row, and in which workspace. */
export function changedRow(payload: string): { id: string; workspace_id: string } {
  const [id = '', workspace_id = ''] = payload.split(' ');
  return { id, workspace_id };
}

/** Search attributes by which workflows are found in the Temporal UI: Keyword, all of them. */
export const SEARCH_ATTRIBUTES = ['LivestreamStatus', 'WorkspaceId', 'Target', 'SocialAccountId', 'PostState', 'SocialAccountState', 'ChannelId', 'OrderStatus', 'StreamId', 'StreamStatus'] as const;
