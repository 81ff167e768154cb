/** Wallets, catalogues, gifts, purchases and payouts. */
export const LEDGER = [
  `create table coin_accounts (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    -- user: a wallet. house: ours. store: what Apple and Google were paid for. payout: what is held for, or was paid to, people.
    kind text not null check (kind in ('user', 'house', 'store', 'payout')),
    -- Not "on delete cascade": who has a wallet is not deleted, since what others got from them would then come from nowhere.
    user_id uuid references app_users (id),
    -- Derived from the entries and cached here; the nightly check proves it.
    balance bigint not null default 0,
    check ((kind = 'user') = (user_id is not null)),
    constraint coin_accounts_covered check (kind <> 'user' or balance >= 0)
  ) with (fillfactor = 50)`,
  `create unique index coin_accounts_of_user on coin_accounts (user_id) where user_id is not null`,
  `create unique index coin_accounts_of_app on coin_accounts (workspace_id, kind) where user_id is null`,
  `create table coin_movements (
    id uuid primary key,
    -- No foreign key: it would check by a lock on one row that all movements share. The accounts of a movement are of its workspace (see move_entries).
    workspace_id uuid not null,
    kind text not null check (kind in ('gift', 'purchase', 'refund', 'payout_hold', 'payout_return', 'grant', 'forfeit')),
    -- What may happen once only: 'purchase:<id>'. A second one is refused.
    request_key text not null,
    created_at timestamptz not null default now(),
    unique (workspace_id, request_key)
  )`,
  // An account's entries are numbered while its row is locked: their order is that of its balances.
  `create table coin_transactions (
    id bigint generated always as identity,
    movement_id uuid not null references coin_movements (id) on delete cascade,
    -- There for sure: move_entries has just changed it, and accounts go with their workspace alone.
    account_id uuid not null,
    amount bigint not null check (amount <> 0),
    balance_after bigint not null,
    created_at timestamptz not null default now(),
    primary key (account_id, id),
    unique (movement_id, account_id)
  )`,
  // What changes balances, besides send_gifts. Accounts are locked before anything else, in the order of their ids: so two of those that move coins never wait for each other,
  // also where both have one request key.
  `create function lock_accounts(p_accounts uuid[]) returns void
   language plpgsql as $$
   begin
     perform from coin_accounts where id = any (p_accounts) order by id for no key update;
   end $$`,
  `create function move_entries(p_movement uuid, p_workspace uuid, p_accounts uuid[], p_amounts bigint[]) returns void
   language plpgsql as $$
   declare
     v_moved integer;
   begin
     with changed as (
       update coin_accounts a set balance = a.balance + e.amount
       from unnest(p_accounts, p_amounts) as e (account, amount)
       where a.id = e.account and a.workspace_id = p_workspace
       returning a.id, e.amount, a.balance
     )
     insert into coin_transactions (movement_id, account_id, amount, balance_after) select p_movement, id, amount, balance from changed;
     get diagnostics v_moved = row_count;
     if v_moved <> cardinality(p_accounts) then
       raise exception 'an account is not in this workspace, or named twice' using errcode = 'foreign_key_violation', constraint = 'coin_transactions_account';
     end if;
   end $$`,
  `create function move_coins(p_movement uuid, p_workspace uuid, p_kind text, p_request_key text, p_accounts uuid[], p_amounts bigint[]) returns void
   language plpgsql as $$
   declare
     v_amount bigint; v_sum numeric := 0;
   begin
     if cardinality(p_accounts) < 2 or cardinality(p_accounts) <> cardinality(p_amounts) then
       raise exception 'a movement has two accounts at least' using errcode = 'check_violation', constraint = 'coin_movements_entries';
     end if;
     foreach v_amount in array p_amounts loop v_sum := v_sum + v_amount; end loop;
     if v_sum is distinct from 0 then
       raise exception 'a movement must balance, this one is off by %', v_sum using errcode = 'check_violation', constraint = 'coin_movements_balanced';
     end if;
     perform lock_accounts(p_accounts);
     insert into coin_movements (id, workspace_id, kind, request_key) values (p_movement, p_workspace, p_kind, p_request_key);
     perform move_entries(p_movement, p_workspace, p_accounts, p_amounts);
   end $$`,
  // Goes with its app: before the accounts, which entries refer to.
  `create function ledger_gone() returns trigger language plpgsql as $$
   begin
     delete from gift_transactions where workspace_id = old.workspace_id;
     delete from coin_movements where workspace_id = old.workspace_id;
     return old;
   end $$`,
  `create trigger ledger_gone before delete on social_app for each row execute function ledger_gone()`,
  `create table gifts (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    name text not null,
    coins integer not null check (coins > 0),
    image text not null default '',
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create unique index gifts_name on gifts (workspace_id, lower(name)) where is_active`,
  `create table coin_packages (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    name text not null,
    coins integer not null check (coins > 0),
    price_minor integer not null check (price_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    apple_product_id text,
    google_product_id text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create unique index coin_packages_apple on coin_packages (workspace_id, apple_product_id) where apple_product_id is not null and is_active`,
  `create unique index coin_packages_google on coin_packages (workspace_id, google_product_id) where google_product_id is not null and is_active`,
  `create table gift_transactions (
    -- That of its movement. Foreign keys are a third of what a gift costs, so there is none that says what holds anyway: send_gift and send_gifts write the movement with it, who sends
    -- or gets has a wallet, which keeps their row, a gift is never deleted, and the nightly check compares all of them.
    id uuid primary key,
    workspace_id uuid not null,
    -- Of the app: sent twice, given once.
    request_id text not null,
    sender_id uuid not null,
    receiver_id uuid not null,
    gift_id uuid not null,
    gift_name text not null,
    gift_count integer not null check (gift_count between 1 and 1000),
    -- All of them together.
    coins bigint not null check (coins > 0),
    stream_id uuid references streams (id) on delete set null,
    video_id uuid references videos (id) on delete set null,
    created_at timestamptz not null default now(),
    -- When rules had seen it; null: a worker still takes it.
    evaluated_at timestamptz,
    unique (sender_id, request_id),
    check (sender_id <> receiver_id)
  )`,
  // One gift, in one statement and one round trip. Gives what the sender has left; null: too little, and nothing was done.
  `create function send_gift(p_workspace uuid, p_id uuid, p_request_id text, p_sender uuid, p_receiver uuid, p_gift uuid, p_name text, p_count integer, p_coins bigint,
     p_stream uuid, p_video uuid, p_from uuid, p_to uuid) returns bigint
   language plpgsql as $$
   declare
     v_left bigint;
   begin
     perform lock_accounts(array[p_from, p_to]);
     select balance - p_coins into v_left from coin_accounts where id = p_from;
     if v_left < 0 then
       return null;
     end if;
     insert into coin_movements (id, workspace_id, kind, request_key) values (p_id, p_workspace, 'gift', 'gift:' || p_id);
     insert into gift_transactions (id, workspace_id, request_id, sender_id, receiver_id, gift_id, gift_name, gift_count, coins, stream_id, video_id)
       values (p_id, p_workspace, p_request_id, p_sender, p_receiver, p_gift, p_name, p_count, p_coins, p_stream, p_video);
     perform move_entries(p_id, p_workspace, array[p_from, p_to], array[-p_coins, p_coins]);
     return v_left;
   end $$`,
  // Gifts of one moment, whosever they are, in one statement and one round trip: on a popular wallet they would queue for each other's commits. Gives the places of those that
  // were given, with what the sender had left. One that is missing is known by its request id, or its sender may have too little: send_gift says so for sure.
  // Who holds the sender's account can neither be overtaken by the same request nor by other spending.
  `create function send_gifts(p_workspace uuid, p_ids uuid[], p_requests text[], p_senders uuid[], p_receivers uuid[], p_gifts uuid[], p_names text[], p_counts integer[],
     p_coins bigint[], p_streams uuid[], p_videos uuid[], p_from uuid[], p_to uuid[]) returns table (place bigint, balance bigint, created_at timestamptz)
   language plpgsql as $$
   begin
     perform lock_accounts(p_from || p_to);
     return query
     with asked as (
       select g.*, a.balance as held
       from unnest(p_ids, p_requests, p_senders, p_receivers, p_gifts, p_names, p_counts, p_coins, p_streams, p_videos, p_from, p_to) with ordinality
         as g (id, request_id, sender_id, receiver_id, gift_id, gift_name, gift_count, coins, stream_id, video_id, from_id, to_id, place)
         join coin_accounts a on a.id = g.from_id and a.user_id = g.sender_id and a.workspace_id = p_workspace
         join coin_accounts b on b.id = g.to_id and b.user_id = g.receiver_id and b.workspace_id = p_workspace
       where not exists (select from gift_transactions t where t.sender_id = g.sender_id and t.request_id = g.request_id)
     ), summed as (
       select asked.*, sum(asked.coins) over (partition by asked.from_id order by asked.place) as spent from asked
     ), given as materialized (
       select * from summed where spent <= held
     ), movements as (
       insert into coin_movements (id, workspace_id, kind, request_key) select g.id, p_workspace, 'gift', 'gift:' || g.id from given g order by g.place
     ), gifts_given as (
       insert into gift_transactions (id, workspace_id, request_id, sender_id, receiver_id, gift_id, gift_name, gift_count, coins, stream_id, video_id)
         select g.id, p_workspace, g.request_id, g.sender_id, g.receiver_id, g.gift_id, g.gift_name, g.gift_count, g.coins, g.stream_id, g.video_id from given g order by g.place
     ), sides as materialized (
       select g.place, g.id, g.from_id as account_id, -g.coins as amount from given g
       union all
       select g.place, g.id, g.to_id, g.coins from given g
     ), entries as materialized (
       select s.place, s.id, s.account_id, s.amount, a.balance + sum(s.amount) over (partition by s.account_id order by s.place) as balance_after
       from sides s join coin_accounts a on a.id = s.account_id
     ), entered as (
       insert into coin_transactions (movement_id, account_id, amount, balance_after) select e.id, e.account_id, e.amount, e.balance_after from entries e order by e.place
     ), balances as (
       update coin_accounts a set balance = a.balance + t.total from (select s.account_id, sum(s.amount) as total from sides s group by s.account_id) t where a.id = t.account_id
     )
     select e.place, e.balance_after::bigint, now() from entries e where e.amount < 0;
   end $$`,
  `create index gift_transactions_to_evaluate on gift_transactions (created_at) where evaluated_at is null`,
  `create index gift_transactions_of_stream on gift_transactions (stream_id, created_at desc) where stream_id is not null`,
  // For the foreign key: a video that is removed forgets itself here. Gifts of streams do not write it. There is none by receiver: the entries of their wallet name what they got.
  `create index gift_transactions_of_video on gift_transactions (video_id) where video_id is not null`,
  // Who gave coins of the house away, and why.
  `create table coin_grants (
    id uuid primary key references coin_movements (id) on delete cascade,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    request_id text not null,
    user_id uuid not null references app_users (id),
    coins bigint not null check (coins > 0),
    reason text not null,
    granted_by uuid references users (id) on delete set null,
    created_at timestamptz not null default now(),
    unique (workspace_id, request_id)
  )`,
  // What happens in the app as rules and streams see it.
  `create table social_events (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    type text not null check (type in ('gift')),
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    -- The rest of the SocialEvent.
    data jsonb not null
  )`,
  `create index social_events_list on social_events (workspace_id, id desc)`,
  `alter table workspace_feed add column social_event_id uuid`,
  // Followers who are to be told that somebody is live: by a worker, some at a time.
  `create table live_calls (
    stream_id uuid primary key references streams (id) on delete cascade,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references app_users (id) on delete cascade,
    created_at timestamptz not null default now(),
    -- Up to which follower all were told.
    told_until uuid,
    told integer not null default 0,
    done_at timestamptz
  )`,
  `create index live_calls_open on live_calls (created_at) where done_at is null`,
  `create table purchases (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references app_users (id) on delete cascade,
    store text not null check (store in ('apple', 'google')),
    -- Apple: transactionId. Google: SHA-256 of the purchase token, which is a secret.
    store_transaction_id text not null,
    -- AES-256-GCM: the signed transaction, or the purchase token.
    receipt text,
    product_id text not null,
    package_id uuid references coin_packages (id) on delete set null,
    coins bigint,
    status text not null check (status in ('pending', 'granted', 'refused', 'revoked')),
    status_code text,
    status_reason text,
    is_test boolean not null default false,
    -- Of what was granted, what refunds have taken back until now; a refund that was reversed lowers it.
    taken_back bigint not null default 0,
    -- How often that changed: the part of the movements' keys.
    adjustments integer not null default 0,
    -- Coins that were spent already when a refund took them back: the house bears them.
    shortfall bigint not null default 0 check (shortfall between 0 and taken_back),
    check (taken_back between 0 and coalesce(coins, 0)),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    granted_at timestamptz,
    revoked_at timestamptz
  )`,
  // A receipt is good for one purchase of one user; one that was refused does not hold it.
  `create unique index purchases_once on purchases (store, store_transaction_id) where status <> 'refused'`,
  `create index purchases_of_user on purchases (user_id, id desc)`,
  `create index purchases_pending on purchases (id) where status = 'pending'`,
  `create table store_notifications (
    store text not null check (store in ('apple', 'google')),
    notification_id text not null,
    kind text not null,
    store_transaction_id text,
    received_at timestamptz not null default now(),
    handled_at timestamptz,
    outcome text,
    primary key (store, notification_id)
  )`,
  `create index store_notifications_open on store_notifications (received_at) where handled_at is null`,
  `create table payouts (
    id uuid primary key,
    workspace_id uuid not null references workspaces (id) on delete cascade,
    user_id uuid not null references app_users (id) on delete cascade,
    request_id text not null,
    coins bigint not null check (coins > 0),
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null,
    -- AES-256-GCM: where it is paid to.
    destination text not null,
    destination_hint text not null,
    -- held: until the hold time is over. awaiting_approval: an admin decides.
    status text not null check (status in ('held', 'awaiting_approval', 'approved', 'paid', 'returned')),
    status_reason text,
    hold_until timestamptz not null,
    decided_by uuid references users (id) on delete set null,
    decided_at timestamptz,
    -- What the bank called it.
    payment_reference text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, request_id)
  )`,
  `create unique index payouts_one_open on payouts (user_id) where status in ('held', 'awaiting_approval', 'approved')`,
  `create index payouts_list on payouts (workspace_id, id desc)`,
  `create index payouts_open on payouts (id) where status in ('held', 'awaiting_approval', 'approved')`,
  `create table ledger_checks (
    id uuid primary key,
    checked_at timestamptz not null default now(),
    is_sound boolean not null,
    accounts integer not null,
    movements bigint not null,
    -- What did not add up, at most 100 of them.
    faults jsonb not null
  )`,
];
