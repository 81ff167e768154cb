import { z } from 'zod';
import { walletOf } from '../../db/coin-ledger.repository.ts';
import { readGiftFacts } from '../../db/gift-facts.repository.ts';
import { hintGifts } from '../../db/gift-hint.ts';
import { findSentGift, isSameGift, sendGift as give, type GiftOutcome, type SentGift } from '../../db/gift.repository.ts';
import type { GiftShown } from '../../domain/contracts/app-events.ts';
import { whyNoGift, type CatalogueGift, type GiftPlace } from '../../domain/social/gift.ts';
import { MAX_GIFT_COUNT } from '../../domain/social/ledger.ts';
import { ApiError, fieldError } from '../errors.ts';
import { EXAMPLE_GIFT, EXAMPLE_SENT, EXAMPLE_STREAM_ID } from './coin-examples.ts';
import { giftView, sentGiftView } from './coin-views.ts';
import { id, requestId, whole } from './fields.ts';
import { EXAMPLE_OWN_USER, EXAMPLE_USER_ID } from './people-examples.ts';
import { defineVerb, type Verb, type VerbCall } from './verb.ts';
import { ownUserView } from './views.ts';

/** Forms send what they have not as nothing, or as 0. */
const maybeId = z
  .union([z.literal(''), z.literal('0'), z.literal(0), z.null(), id], 'must be an id')
  .optional()
  .transform((value) => (typeof value === 'string' && value.length > 1 ? value : null));

const count = whole(1, MAX_GIFT_COUNT);

const input = z.object({
  gift_id: id,
  stream_id: maybeId,
  streaming_id: maybeId,
  video_id: maybeId,
  receiver_id: maybeId,
  count: count.optional(),
  gift_count: count.optional(),
  coins: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  request_id: requestId,
});

const sendGift = defineVerb({
  name: 'sendGift',
  summary: 'Sends a gift to who is live, or to a video’s author',
  description:
    'One of `stream_id` (as well `streaming_id`) and `video_id`; the receiver is its owner, and where `receiver_id` is sent it must be the same. `count` (as well `gift_count`) is 1 to 1,000, 1 where absent. ' +
    '`request_id` is the app’s own, a new one for each tap: sent again, the same gift is answered and nothing is given a second time; an app that has no answer sends it again with the same id. ' +
    '`coins`, where it is sent, is the price of one that the app shows: where the catalogue says another by now, nothing is given. ' +
    'At once the stream’s viewers hear `gift` over Socket.IO, the receiver too. `wallet` of `User` is what is left. 201: too few coins, and how many are missing; a gift to oneself; a block; a stream that is over.',
  access: 'user',
  input,
  turns_per_minute: 1_200,
  example: {
    request: { gift_id: EXAMPLE_GIFT.id, stream_id: EXAMPLE_STREAM_ID, receiver_id: EXAMPLE_USER_ID, count: '2', request_id: EXAMPLE_SENT.request_id },
    msg: { GiftTransaction: EXAMPLE_SENT, Gift: EXAMPLE_GIFT, User: { ...EXAMPLE_OWN_USER, wallet: '9900' } },
  },
  async run(call, asked) {
    const wish = wishOf(asked);
    const outcome = await giveOrRepeat(call, wish);
    if (outcome.kind === 'reused') throw new ApiError('request_reused');
    if (outcome.kind === 'short') throw tooFew(outcome.balance, outcome.price);
    const { kind, sent } = outcome;
    if (kind === 'given') tell(call, sent);
    return { GiftTransaction: sentGiftView(sent), Gift: giftView(sent.gift), User: ownUserView(call.user, sent.balance) };
  },
});

interface Wish {
  gift_id: string;
  place: GiftPlace;
  receiver_id: string | null;
  count: number;
  /** Of one, as the app shows it. */
  coins: number | null;
  request_id: string;
}

function wishOf({ stream_id, streaming_id, video_id, gift_count, count: given, coins, ...rest }: z.output<typeof input>): Wish {
  const stream = stream_id ?? streaming_id;
  if (stream_id !== null && streaming_id !== null && stream_id !== streaming_id) throw fieldError('streaming_id', 'is another one than stream_id');
  if ((stream === null) === (video_id === null)) throw fieldError('stream_id', 'send one of stream_id and video_id');
  return { ...rest, place: stream === null ? { stream_id: null, video_id: video_id! } : { stream_id: stream, video_id: null }, count: given ?? gift_count ?? 1, coins: coins ?? null };
}

type Outcome = Exclude<GiftOutcome, { kind: 'short' }> | { kind: 'short'; balance: number; price: number };

/** What was given already is answered so, also where it could not be given any more. */
async function giveOrRepeat(call: VerbCall, wish: Wish): Promise<Outcome> {
  try {
    return await tryToGive(call, wish);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { deps, workspace_id, user } = call;
    const sent = await findSentGift(deps.pool, { workspace_id, sender_id: user.id, request_id: wish.request_id });
    if (!sent) throw error;
    return isSameGift(sent, { ...wish, ...wish.place }) ? { kind: 'repeated', sent } : { kind: 'reused' };
  }
}

/** @throws ApiError where it may not be given */
async function tryToGive({ deps: { db, pool }, workspace_id, user }: VerbCall, { gift_id, place, receiver_id, count: wanted, coins, request_id }: Wish): Promise<Outcome> {
  const facts = await readGiftFacts(db, { workspace_id, sender_id: user.id, gift_id, place });
  const refusal = whyNoGift(facts, user.id, place);
  if (refusal !== null) throw new ApiError(refusal);
  const gift: CatalogueGift = facts.gift!;
  const receiver = facts.target!.receiver_id!;
  if (receiver_id !== null && receiver_id !== receiver) throw fieldError('receiver_id', 'is not who would get it');
  if (coins !== null && coins !== gift.coins) throw new ApiError('gift_unknown', { detail: `${gift.name} costs ${gift.coins} by now` });
  const accountOf = async (id: string, known: string | null): Promise<string> => known ?? (await walletOf(db, workspace_id, id)).account_id;
  const parties = { sender: { id: user.id, account_id: await accountOf(user.id, facts.sender_account) }, receiver: { id: receiver, account_id: await accountOf(receiver, facts.receiver_account) } };
  const outcome = await give(pool, { workspace_id, request_id, ...parties, gift, count: wanted, ...place });
  return outcome.kind === 'short' ? { ...outcome, price: gift.coins * wanted } : outcome;
}

const tooFew = (balance: number, price: number): ApiError => new ApiError('insufficient_coins', { detail: `it costs ${price}, you have ${balance}: ${Math.max(1, price - balance)} are missing` });

/** After the commit: what does not arrive is in the lists all the same, and rules hear of it from the table. */
function tell({ deps, user }: VerbCall, sent: SentGift): void {
  const event: GiftShown = {
    id: sent.id,
    stream_id: sent.stream_id,
    video_id: sent.video_id,
    sender: { id: user.id, username: user.username, profile_pic: user.profile_pic },
    receiver_id: sent.receiver_id,
    gift: sent.gift,
    count: sent.count,
    coins: sent.coins,
    created_at: sent.created_at.toISOString(),
  };
  if (sent.stream_id !== null) deps.realtime.toStream(sent.stream_id, 'gift', event);
  deps.realtime.toUser(sent.receiver_id, 'gift', event);
  hintGifts(deps.pool);
}

export const giftVerbs: readonly Verb[] = [sendGift];
