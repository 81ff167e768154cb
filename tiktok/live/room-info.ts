import type { RoomIdentity, RoomState } from '../../domain/contracts/live-connection.ts';
import { asObject, getFromTikTok, parseJson, textOf, urlUnder, type Call, type LiveContext } from './context.ts';
import { LiveError } from './errors.ts';

/** TikTok's status code for rooms that it shows to signed-in adults only. */
export const AGE_RESTRICTED_STATUS = 4_003_110;
const ROOM_FINISHED_STATUS = 30_003;
/** What TikTok answers for a room id that it does not know (any more). */
const PARAMS_ERROR_STATUS = 10_011;
const STATUS_LIVE = 2;
/** The streamer's picture stands still; the room goes on. */
const STATUS_PAUSED = 3;
const STATUS_ENDED = 4;

export type RoomInfo = RoomIdentity & { state: RoomState };

/**
 * Asks TikTok about a room. Age-restricted rooms need the person's session: it is given here.
 * @throws LiveError age_restricted, room_ended (an unknown id), tiktok_unreachable, tiktok_refused, tiktok_bad_response
 */
export async function fetchRoomInfo(context: LiveContext, call: Call, roomId: string): Promise<RoomInfo> {
  const url = urlUnder(context.urls.webcast, 'webcast/room/info/', { ...context.browser.params, room_id: roomId });
  const answer = await getFromTikTok(context, call, url, true);
  const body = parseJson(answer.body);
  const data = asObject(body?.['data']);
  const detail = wordsOf(call, body);
  const statusCode = Number(body?.['status_code'] ?? 0);
  if (statusCode === AGE_RESTRICTED_STATUS) throw new LiveError('age_restricted', { detail });
  if (statusCode === ROOM_FINISHED_STATUS) return { room_id: roomId, username: null, title: null, state: 'offline' };
  if (statusCode === PARAMS_ERROR_STATUS)
    throw new LiveError('room_ended', { reason: 'TikTok knows no LIVE under this room id; it may be over.', detail });
  refuseBadStatus(answer.status, detail);
  if (statusCode !== 0) throw new LiveError('tiktok_refused', { detail: detail ?? `status_code ${statusCode}` });
  if (!data) throw new LiveError('tiktok_bad_response', { detail: 'room/info without data' });
  return { room_id: roomId, username: ownerOf(data), title: textOf(data['title']), state: stateOf(data['status']) };
}

/** @throws LiveError where the HTTP status of a TikTok answer is not 200 */
export function refuseBadStatus(status: number, detail: string | null): void {
  if (status >= 500) throw new LiveError('tiktok_unreachable', { detail: detail ?? `HTTP ${status}` });
  if (status !== 200) throw new LiveError('tiktok_refused', { detail: detail ?? `HTTP ${status}` });
}

export function stateOf(status: unknown): RoomState {
  if (status === STATUS_ENDED) return 'offline';
  return status === STATUS_LIVE || status === STATUS_PAUSED ? 'live' : 'unknown';
}

function ownerOf(data: { [key: string]: unknown }): string | null {
  return textOf(asObject(data['owner'])?.['display_id'])?.toLowerCase() ?? null;
}

/** TikTok's own message, wherever it stands. */
export function wordsOf(call: Call, body: { [key: string]: unknown } | undefined): string | null {
  const data = asObject(body?.['data']);
  const words = [data?.['prompts'], data?.['message'], body?.['message'], body?.['status_msg']].map(textOf).find((word) => word !== null);
  return words ? call.redact(words) : null;
}
