import { randomUUID } from 'node:crypto';
import type { RoomState } from '../../domain/contracts/live-connection.ts';
import { asObject, getFromTikTok, getOrFail, parseJson, textOf, urlUnder, type Call, type LiveContext } from './context.ts';
import { LiveError } from './errors.ts';
import { refuseBadStatus, stateOf, wordsOf } from './room-info.ts';
import { acquireTurn, reportLimits, signHeaders } from './sign-service.ts';

/** A user's room; room_id is null where the user is known and has none. */
export interface FoundRoom {
  room_id: string | null;
  title: string | null;
  state: RoomState;
}

const SIGI_STATE = /<script id="SIGI_STATE" type="application\/json">(.*?)<\/script>/s;
/** api-live's code for a name that nobody has. */
const NO_SUCH_USER = 19_881_007;
const SOURCE_TYPE_LIVE = '54';

/**
 * A user's room, asked in the connector's order: the LIVE page, TikTok's API, the sign service. The last one costs a
 * call of the allowance, so it is left out where TikTok itself has said that there is no such user.
 * @throws LiveError user_not_found where a source knows it for certain, else what the sources failed with
 */
export async function findRoomOf(context: LiveContext, call: Call, username: string): Promise<FoundRoom> {
  const failures: LiveError[] = [];
  for (const source of [fromPage, fromApi, fromSignService]) {
    try {
      return await source(context, call, username);
    } catch (error) {
      if (!(error instanceof LiveError) || error.aborted || error.code === 'user_not_found' || error.code === 'age_restricted') throw error;
      failures.push(error);
    }
  }
  throw worthiest(failures);
}

/** The page of an unknown user comes with 404 or without a room: neither is certain, since a blocked browser gets the same. */
async function fromPage(context: LiveContext, call: Call, username: string): Promise<FoundRoom> {
  const answer = await getFromTikTok(context, call, urlUnder(context.urls.web, `@${username}/live`, context.browser.params));
  refuseBadStatus(answer.status, null);
  const json = SIGI_STATE.exec(answer.body.toString('utf8'))?.[1];
  const state = json === undefined ? undefined : parseJson(Buffer.from(json));
  const info = asObject(asObject(state?.['LiveRoom'])?.['liveRoomUserInfo']);
  return roomIn(info, 'The LIVE page holds no room; TikTok may ask this address for a captcha.');
}

async function fromApi(context: LiveContext, call: Call, username: string): Promise<FoundRoom> {
  const params = { ...context.browser.params, uniqueId: username, sourceType: SOURCE_TYPE_LIVE };
  const answer = await getFromTikTok(context, call, urlUnder(context.urls.web, 'api-live/user/room/', params));
  const body = parseJson(answer.body);
  const detail = wordsOf(call, body);
  const statusCode = Number(body?.['statusCode'] ?? 0);
  if (statusCode === NO_SUCH_USER) throw new LiveError('user_not_found', { detail });
  refuseBadStatus(answer.status, detail);
  if (statusCode !== 0) throw new LiveError('tiktok_refused', { detail: detail ?? `statusCode ${statusCode}` });
  return roomIn(asObject(body?.['data']), 'api-live holds no room.');
}

async function fromSignService(context: LiveContext, call: Call, username: string): Promise<FoundRoom> {
  // A look-up belongs to no livestream that could queue under its own id.
  await acquireTurn(context, call, randomUUID());
  const url = urlUnder(context.urls.sign, `webcast/anchors/${encodeURIComponent(username)}/room_id`);
  const headers = signHeaders(context, 'application/json');
  const answer = await getOrFail({ url, headers, signal: call.signal, timeoutMs: context.timeouts.sign }, call, 'sign_unavailable');
  const body = parseJson(answer.body);
  const detail = wordsOf(call, body);
  const code = answer.status === 200 ? Number(body?.['code'] ?? 200) : answer.status;
  await reportLimits(context, answer, code);
  if (code === 404) throw new LiveError('user_not_found', { detail });
  if (code >= 500) throw new LiveError('sign_unavailable', { detail: detail ?? `HTTP ${code}` });
  const roomId = textOf(body?.['room_id']);
  if (code !== 200 || !roomId)
    throw new LiveError('tiktok_refused', { detail: detail ?? `The sign service knows no room (code ${code}).` });
  return { room_id: roomId, title: null, state: body?.['is_live'] === false ? 'offline' : 'live' };
}

/** The room in what the page and the API both hold: {user: {roomId}, liveRoom: {status, title}}. */
function roomIn(info: { [key: string]: unknown } | undefined, otherwise: string): FoundRoom {
  const user = asObject(info?.['user']);
  if (!user) throw new LiveError('tiktok_bad_response', { detail: otherwise });
  const liveRoom = asObject(info?.['liveRoom']);
  const given = textOf(user['roomId']);
  if (given !== null && !/^\d{1,19}$/.test(given)) throw new LiveError('tiktok_bad_response', { detail: 'A room id that is no number.' });
  const roomId = given === '0' ? null : given;
  return {
    room_id: roomId,
    title: textOf(liveRoom?.['title']),
    state: roomId === null ? 'offline' : stateOf(liveRoom?.['status'] ?? user['status']),
  };
}

/** Where all failed: if one did not answer, asking again may help; else the first source's words tell most. */
function worthiest(failures: LiveError[]): LiveError {
  const unreachable = failures.find((failure) => failure.code === 'tiktok_unreachable');
  return unreachable ?? failures[0] ?? new LiveError('tiktok_unreachable');
}
