import { sql, type Kysely } from 'kysely';

/** TikTok Shop: sellers' authorizations, channels, products, stock, orders, shipments, webhooks, sync, jobs and messages for other systems. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS = [
  `create table shop_authorizations (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    open_id text not null,
    seller_name text,
    seller_base_region text,
    granted_scopes text[] not null,
    state text not null check (state in ('connected', 'expiring', 'reconnect_needed', 'disconnected')),
    state_code text,
    state_reason text,
    access_token text,
    refresh_token text,
    token_version integer not null default 1,
    token_obtained_at timestamptz,
    access_expires_at timestamptz,
    refresh_expires_at timestamptz,
    -- Set before a refresh token is sent, cleared with the commit of the answer: found set, an answer may have been lost.
    refresh_sent_version integer,
    last_refreshed_at timestamptz,
    last_refresh_error text,
    connected_by uuid references users (id) on delete set null,
    connected_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (workspace_id, open_id),
    check ((state in ('connected', 'expiring')) <= (access_token is not null and refresh_token is not null)),
    check (state <> 'disconnected' or (access_token is null and refresh_token is null))
  )`,
  `create table channels (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    authorization_id uuid not null references shop_authorizations (id) on delete cascade,
    shop_id text not null,
    -- AES-256-GCM.
    shop_cipher text not null,
    name text not null,
    region text not null,
    seller_type text,
    code text,
    state text not null check (state in ('active', 'paused', 'disconnected')),
    state_code text,
    state_reason text,
    connected_at timestamptz not null default now(),
    paused_at timestamptz,
    disconnected_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (workspace_id, shop_id)
  )`,
  // Two workspaces that ship the same orders and set the same stock would fight.
  `create unique index channels_one_workspace on channels (shop_id) where state <> 'disconnected'`,
  `create index channels_list on channels (workspace_id, id desc)`,
  `create index channels_by_authorization on channels (authorization_id)`,
  `create table shop_oauth_states (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    -- SHA-256 of the browser's cookie; null: begun by a seller in TikTok Shop, or by a client without a browser.
    browser_hash text,
    -- Page of ours to return to; null: we show one.
    redirect_to text,
    -- Sealed; there between the return from TikTok and the exchange.
    code text,
    expires_at timestamptz not null,
    used_at timestamptz,
    authorization_id uuid,
    created_at timestamptz not null default now()
  )`,
  `create index shop_oauth_states_expiry on shop_oauth_states (expires_at)`,

  // Asked by a person who waits; nothing of it is kept. Unlogged: after a crash of the server they ask again.
  `create unlogged table shop_reads (
    id uuid primary key,
    workspace_id uuid not null,
    channel_id uuid not null,
    question jsonb not null,
    answer jsonb,
    created_at timestamptz not null default now()
  )`,
  `create index shop_reads_old on shop_reads (created_at)`,

  `create table shop_products (
    channel_id uuid not null references channels (id) on delete cascade,
    product_id text not null,
    workspace_id uuid not null,
    title text not null,
    status text not null,
    -- ShopProduct.
    data jsonb not null,
    tiktok_create_time timestamptz,
    tiktok_update_time timestamptz,
    -- SHA-256 of what a message would say: no message where nothing has changed.
    fingerprint text not null,
    sequence integer not null default 0,
    first_seen_at timestamptz not null default now(),
    synced_at timestamptz not null default now(),
    detailed_at timestamptz,
    removed_at timestamptz,
    primary key (channel_id, product_id)
  )`,
  `create index shop_products_list on shop_products (workspace_id, channel_id, product_id)`,
  `create table shop_skus (
    channel_id uuid not null references channels (id) on delete cascade,
    sku_id text not null,
    workspace_id uuid not null,
    product_id text not null,
    seller_sku text,
    price_amount bigint,
    price_currency text,
    status text,
    -- What TikTok said last: units to sell, and sold but not shipped; null: never asked.
    available integer,
    committed integer,
    -- WarehouseStock[].
    warehouses jsonb not null default '[]',
    stock_seen_at timestamptz,
    -- Units in the house, those of orders that are not shipped yet among them; null: nobody told.
    on_hand integer,
    on_hand_source text check (on_hand_source in ('tiktok', 'merchant')),
    on_hand_as_of timestamptz,
    -- Units of reservations that are held.
    reserved integer not null default 0 check (reserved >= 0),
    -- When the newest value that was sent to TikTok was counted: older ones are not sent any more.
    stock_as_of timestamptz,
    removed_at timestamptz,
    updated_at timestamptz not null default now(),
    primary key (channel_id, sku_id)
  )`,
  `create index shop_skus_product on shop_skus (channel_id, product_id)`,
  `create index shop_skus_seller on shop_skus (channel_id, seller_sku)`,

  `create table jobs (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    channel_id uuid references channels (id) on delete cascade,
    kind text not null check (kind in ('product_sync', 'order_backfill', 'inventory_update', 'product_update')),
    state text not null check (state in ('queued', 'running', 'succeeded', 'partly_failed', 'failed')),
    state_code text,
    state_reason text,
    params jsonb not null,
    total integer,
    done integer not null default 0,
    failed integer not null default 0,
    calls integer not null default 0,
    -- JobError[].
    errors jsonb not null default '[]',
    -- Where its list stands, for a worker that takes it over.
    page_token text,
    created_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz
  )`,
  `create index jobs_list on jobs (workspace_id, id desc)`,
  `create index jobs_open on jobs (created_at) where state in ('queued', 'running')`,
  // A second start of the same sync while one runs gets the first one.
  `create unique index jobs_one_product_sync on jobs (channel_id) where kind = 'product_sync' and state in ('queued', 'running')`,

  `create table inventory_requests (
    id uuid primary key,
    -- The order in which they came.
    seq bigint generated always as identity,
    workspace_id uuid not null,
    channel_id uuid not null references channels (id) on delete cascade,
    source text not null check (source in ('http', 'rabbitmq', 'rule', 'reconcile')),
    job_id uuid references jobs (id) on delete cascade,
    dedupe_key text,
    product_id text,
    sku_id text,
    seller_sku text,
    warehouse_id text,
    -- As it was asked for, within TikTok's limits or not.
    quantity bigint not null,
    basis text not null check (basis in ('on_hand', 'available')),
    as_of timestamptz not null,
    state text not null default 'received' check (state in ('received', 'applied', 'failed', 'superseded')),
    -- What TikTok was told, which is less than was asked for where orders came meanwhile.
    sent_quantity integer,
    state_code text,
    state_reason text,
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    check (sku_id is not null or seller_sku is not null)
  )`,
  `create unique index inventory_requests_once on inventory_requests (workspace_id, dedupe_key) where dedupe_key is not null`,
  `create index inventory_requests_due on inventory_requests (channel_id, seq) where state = 'received'`,
  `create index inventory_requests_job on inventory_requests (job_id) where job_id is not null`,
  `create index inventory_requests_list on inventory_requests (workspace_id, id desc)`,
  `create index inventory_requests_newest on inventory_requests (channel_id, sku_id, as_of desc, seq desc) where state in ('received', 'applied')`,

  `create table shop_orders (
    channel_id uuid not null references channels (id) on delete cascade,
    order_id text not null,
    workspace_id uuid not null,
    status text not null,
    -- ShopOrder.
    data jsonb not null,
    tiktok_create_time timestamptz not null,
    tiktok_update_time timestamptz not null,
    paid_time timestamptz,
    ship_by timestamptz,
    total_amount bigint,
    total_currency text,
    buyer_nickname text,
    tracking_number text,
    is_on_hold boolean not null default false,
    is_short boolean not null default false,
    first_source text not null check (first_source in ('webhook', 'poll', 'backfill', 'person')),
    sequence integer not null default 0,
    first_seen_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (channel_id, order_id)
  )`,
  `create index shop_orders_list on shop_orders (workspace_id, tiktok_create_time desc, order_id desc)`,
  `create index shop_orders_channel on shop_orders (channel_id, status, tiktok_create_time desc)`,
  `create index shop_orders_open on shop_orders (channel_id, order_id) where status not in ('COMPLETED', 'CANCELLED')`,
  `create table stock_reservations (
    channel_id uuid not null,
    line_item_id text not null,
    order_id text not null,
    sku_id text not null,
    state text not null check (state in ('held', 'shipped', 'released')),
    -- There was no unit left for it.
    is_short boolean not null default false,
    reserved_at timestamptz not null default now(),
    ended_at timestamptz,
    end_reason text,
    primary key (channel_id, line_item_id),
    foreign key (channel_id, order_id) references shop_orders (channel_id, order_id) on delete cascade,
    foreign key (channel_id, sku_id) references shop_skus (channel_id, sku_id) on delete cascade
  )`,
  `create index stock_reservations_order on stock_reservations (channel_id, order_id)`,
  `create index stock_reservations_sku on stock_reservations (channel_id, sku_id, reserved_at)`,
  `create index stock_reservations_short on stock_reservations (channel_id, sku_id) where is_short`,
  `create table shop_order_timeline (
    id bigint generated always as identity primary key,
    channel_id uuid not null,
    order_id text not null,
    at timestamptz not null default now(),
    kind text not null,
    source text,
    detail text,
    -- What makes a repeat of the same step the same entry.
    dedupe_key text not null,
    unique (channel_id, order_id, dedupe_key),
    foreign key (channel_id, order_id) references shop_orders (channel_id, order_id) on delete cascade
  )`,
  `create table shop_packages (
    channel_id uuid not null references channels (id) on delete cascade,
    package_id text not null,
    order_ids text[] not null,
    line_item_ids text[] not null,
    status text,
    tracking_number text,
    shipping_provider_id text,
    shipping_provider_name text,
    -- ShopPackage.
    data jsonb not null,
    tiktok_update_time timestamptz,
    updated_at timestamptz not null default now(),
    primary key (channel_id, package_id)
  )`,
  `create index shop_packages_orders on shop_packages using gin (order_ids)`,
  `create table shop_after_sales (
    channel_id uuid not null references channels (id) on delete cascade,
    kind text not null check (kind in ('cancellation', 'return')),
    after_sale_id text not null,
    order_id text not null,
    status text not null,
    line_item_ids text[] not null,
    -- OrderCancellation or OrderReturn.
    data jsonb not null,
    tiktok_update_time timestamptz,
    answer_due timestamptz,
    updated_at timestamptz not null default now(),
    primary key (channel_id, kind, after_sale_id)
  )`,
  `create index shop_after_sales_order on shop_after_sales (channel_id, order_id)`,
  `create table shop_shipments (
    id uuid primary key,
    workspace_id uuid not null,
    channel_id uuid not null references channels (id) on delete cascade,
    -- null until it is known which order a package is of.
    order_id text,
    package_id text,
    -- ShipRequest.
    request jsonb not null,
    -- Of what was asked: the same key with something else is refused.
    fingerprint text not null,
    idempotency_key text,
    state text not null check (state in ('requested', 'sent', 'done', 'failed', 'unconfirmed')),
    -- ShipAnswer.
    answer jsonb,
    requested_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    finished_at timestamptz
  )`,
  `create unique index shop_shipments_key on shop_shipments (workspace_id, idempotency_key) where idempotency_key is not null`,
  `create index shop_shipments_order on shop_shipments (channel_id, order_id, id)`,
  `create index shop_shipments_list on shop_shipments (workspace_id, id desc)`,
  // Labels hold buyers' addresses: no foreign key, so that a row outlives what it belongs to until its file is deleted.
  `create table shop_labels (
    id uuid primary key,
    workspace_id uuid not null,
    channel_id uuid not null,
    package_id text not null,
    type text not null,
    -- '': as TikTok makes it.
    size text not null,
    storage_key text not null,
    -- null: the file is not whole yet.
    size_bytes integer,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
  )`,
  `create index shop_labels_package on shop_labels (channel_id, package_id, type, size)`,
  `create index shop_labels_expiry on shop_labels (expires_at)`,

  `create table shop_webhooks (
    -- TikTok's notification id; SHA-256 of the body where there is none.
    id text primary key,
    seq bigint generated always as identity,
    type integer not null,
    kind text not null,
    shop_id text,
    -- null: no workspace has this shop.
    workspace_id uuid,
    channel_id uuid references channels (id) on delete set null,
    subject text,
    body text not null,
    sent_at timestamptz not null,
    received_at timestamptz not null default now(),
    times_received integer not null default 1,
    state text not null default 'received' check (state in ('received', 'processed', 'ignored', 'failed')),
    attempts integer not null default 0,
    processed_at timestamptz,
    outcome text,
    replays integer not null default 0
  )`,
  // By attempts first: what fails again and again never stands before what is new.
  `create index shop_webhooks_open on shop_webhooks (shop_id, attempts, seq) where state = 'received'`,
  `create index shop_webhooks_spent on shop_webhooks (processed_at) where state <> 'received'`,
  `create index shop_webhooks_list on shop_webhooks (workspace_id, seq desc)`,
  `create index shop_webhooks_subject on shop_webhooks (channel_id, subject)`,

  `create table shop_sync_cursors (
    channel_id uuid not null references channels (id) on delete cascade,
    kind text not null check (kind in ('orders', 'products', 'inventory')),
    -- Everything that TikTok changed before this is here.
    cursor timestamptz,
    -- A list that is under way, for the next run to go on with: its bounds, and TikTok's token of the next page.
    window_from timestamptz,
    window_to timestamptz,
    page_token text,
    last_started_at timestamptz,
    last_finished_at timestamptz,
    last_error_code text,
    last_error text,
    runs bigint not null default 0,
    calls bigint not null default 0,
    seen bigint not null default 0,
    -- What webhooks should have told and had not.
    missed bigint not null default 0,
    last_missed_at timestamptz,
    primary key (channel_id, kind)
  )`,
  `create table shop_set_aside (
    channel_id uuid not null references channels (id) on delete cascade,
    kind text not null check (kind in ('order', 'product')),
    entity_id text not null,
    code text not null,
    reason text not null,
    times integer not null default 1,
    first_at timestamptz not null default now(),
    last_at timestamptz not null default now(),
    primary key (channel_id, kind, entity_id)
  )`,

  // Of an order or a product the rows are written under its row lock, so that their numbers commit in order.
  `create table shop_outbox (
    seq bigint generated always as identity primary key,
    message_id uuid not null unique,
    workspace_id uuid not null,
    channel_id uuid not null,
    type text not null check (type in ('order', 'product')),
    -- Of the order or product: messages with the same key stay in order.
    key text not null,
    body jsonb not null,
    created_at timestamptz not null default now(),
    -- null: still to be sent there. -infinity: it is not to be sent there, that way being off.
    amqp_at timestamptz,
    http_at timestamptz,
    http_attempts integer not null default 0,
    http_error text,
    http_next_at timestamptz,
    -- Tried for as long as promised; http_at stays null.
    http_gave_up_at timestamptz
  )`,
  `create index shop_outbox_amqp on shop_outbox (seq) where amqp_at is null`,
  `create index shop_outbox_http on shop_outbox (seq) where http_at is null and http_gave_up_at is null`,
  `create index shop_outbox_http_key on shop_outbox (key, seq) where http_at is null and http_gave_up_at is null`,
  `create index shop_outbox_list on shop_outbox (workspace_id, seq desc)`,
  `create index shop_outbox_old on shop_outbox (created_at)`,
  `create table shop_dead_letters (
    id uuid primary key,
    queue text not null,
    message_id text,
    body text not null,
    code text not null,
    reason text not null,
    created_at timestamptz not null default now()
  )`,
  `create index shop_dead_letters_old on shop_dead_letters (created_at)`,

  // What happens in a shop as rules and streams see it.
  `create table shop_events (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    channel_id uuid not null references channels (id) on delete cascade,
    type text not null check (type in ('order', 'inventory')),
    subject text not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    is_history boolean not null,
    -- The rest of the ShopEvent.
    data jsonb not null
  )`,
  `create index shop_events_list on shop_events (workspace_id, id desc)`,
  `alter table workspace_feed add column shop_event_id uuid`,
];
