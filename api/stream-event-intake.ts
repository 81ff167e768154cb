import type { Logger } from 'pino';
import { endPulledSession, inTurn, isBusyElsewhere, keepStreamEvent, type KeptEvent } from '../db/stream-event.repository.ts';
import { findPublishableStream, findStreamByKey, type PublishableStream } from '../db/stream-access.repository.ts';
import { findStream, type StreamRow } from '../db/stream.repository.ts';
import { looksLikeStreamKey } from '../db/stream-key.ts';
import { mayWatch } from '../db/watch-access.ts';
import { AppError, ERRORS, type ErrorCode } from '../domain/errors.ts';
import { broadcastInput } from '../domain/streaming/broadcast-input.ts';
import { isStreamId, type StreamEvent } from '../domain/streaming/stream-event.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';

export interface StreamEventCaller {
  remote_address: string | null;
  request_id: string;
  log: Logger;
}

/**
 * Does what a media server's word asks for.
 * @returns the stream's id, by which the media server is to know it; null: it is about none
 * @throws AppError where the media server is to turn its client away
 */
export async function takeStreamEvent(deps: ApiDeps, event: StreamEvent, by: StreamEventCaller): Promise<string | null> {
  switch (event.kind) {
    case 'on_publish':
      return onPublish(deps, event, by);
    case 'on_done':
      return onDone(deps, event, by);
    case 'on_play':
      return onPlay(deps, event, by);
    case 'other':
      return onOther(deps, event, by);
  }
}

/** By key alone: a stream's id is no secret. */
async function onPublish(deps: ApiDeps, event: StreamEvent, by: StreamEventCaller): Promise<string> {
  const stream = await findStreamByKey(deps.db, event.key);
  if (!stream) return refuse(deps, event, by, null, event.key === '' ? 'stream_key_missing' : 'stream_key_unknown');
  // A server that doesn't rename would serve it as that other stream.
  if (isStreamId(event.name) && event.name.toLowerCase() !== stream.id) return refuse(deps, event, by, stream.id, 'forbidden');
  const refusal = refusalOf(stream);
  if (refusal) return refuse(deps, event, by, stream.id, refusal);
  if (await isBusyElsewhere(deps.db, stream.id)) return refuse(deps, event, by, stream.id, 'stream_busy');
  const { id } = await inTurn(deps.db, stream.id, (trx) => keep(deps, event, by, stream.id, 'announced', trx));
  const row = await findStream(deps.db, stream.id);
  if (!row) throw new AppError('stream_over');
  // Also for a repeat: the first one may have found Temporal away. The workflow knows it by its id.
  await deps.temporal.streaming.announcePublish(inputOf(deps, row, by), { announcement_id: id, at_ms: Date.now(), request_id: by.request_id, key_version: stream.key_version });
  return stream.id;
}

async function onDone(deps: ApiDeps, event: StreamEvent, by: StreamEventCaller): Promise<string | null> {
  const stream = await streamOf(deps, event);
  if (!stream) {
    await keep(deps, event, by, null, 'unknown stream');
    return null;
  }
  return inTurn(deps.db, stream.id, async (trx) => {
    const ended = await endPulledSession(trx, stream.id, event);
    await keep(deps, event, by, stream.id, ended ? 'ended' : 'nothing to end', trx);
    return stream.id;
  });
}

async function onPlay(deps: ApiDeps, event: StreamEvent, by: StreamEventCaller): Promise<string> {
  const stream = isStreamId(event.name) ? await findStream(deps.db, event.name) : undefined;
  if (!stream) return refuse(deps, event, by, null, 'not_found');
  const watched = { id: stream.id, workspace_id: stream.workspace_id, permission: 'streams.view' as const };
  if (stream.visibility === 'private' && (await mayWatch(deps.db, watched, event.token, deps.config.jwtSecret)) !== 'granted') return refuse(deps, event, by, stream.id, 'forbidden');
  await keep(deps, event, by, stream.id, 'allowed');
  return stream.id;
}

/** nginx-rtmp asks again and again while somebody publishes (on_update): one who may not go on is told so. */
async function onOther(deps: ApiDeps, event: StreamEvent, by: StreamEventCaller): Promise<string | null> {
  const stream = await streamOf(deps, event);
  if (event.call === 'update_publish') {
    // It still says the name that was published, not what we renamed it to: a key that is nobody's any more was rotated.
    if (looksLikeStreamKey(event.key) && !(await findStreamByKey(deps.db, event.key))) return refuse(deps, event, by, stream?.id ?? null, 'stream_key_unknown');
    const refusal = stream ? refusalOf(stream) : null;
    if (stream && refusal) return refuse(deps, event, by, stream.id, refusal);
  }
  if (!UPDATES.has(event.call)) await keep(deps, event, by, stream?.id ?? null, 'noted');
  return stream?.id ?? null;
}

/** What comes every few seconds for as long as somebody publishes or plays is not kept. */
const UPDATES: ReadonlySet<string> = new Set(['update_publish', 'update_play']);
/** By the published name: a key beside it only says who may publish. */
const streamOf = ({ db }: ApiDeps, { key, name }: StreamEvent): Promise<PublishableStream | undefined> => (isStreamId(name) ? findPublishableStream(db, name) : findStreamByKey(db, key));
/** Why nobody may publish to it; null: its key decides. */
const refusalOf = ({ status, deleted_at, suspension_reason }: PublishableStream): ErrorCode | null => {
  if (deleted_at !== null || status === 'ending' || status === 'ended') return 'stream_over';
  return suspension_reason === null ? null : 'account_suspended';
};
const inputOf = ({ config }: ApiDeps, stream: StreamRow, by: StreamEventCaller) => broadcastInput(stream, config.streaming.graceMs, by.request_id);

function keep({ db }: ApiDeps, event: StreamEvent, { remote_address, log, request_id }: StreamEventCaller, stream_id: string | null, outcome: string, within = db): Promise<KeptEvent> {
  log.info({ request_id, stream_id, stream_event: event.kind, call: event.call, client_id: event.client_id, media_server: event.media_server, outcome }, 'a media server tells of a stream');
  return keepStreamEvent(within, { event, stream_id, remote_address, outcome });
}

/** Keeps it, and has the media server turn its client away: by 403, whichever the reason, for that is what they all know. */
async function refuse(deps: ApiDeps, event: StreamEvent, by: StreamEventCaller, streamId: string | null, code: ErrorCode): Promise<never> {
  await keep(deps, event, by, streamId, `refused: ${code}`);
  if (code === 'stream_key_unknown') throw new ApiError(code);
  throw new ApiError('forbidden', { detail: `${code}: ${ERRORS[code].message}` });
}
