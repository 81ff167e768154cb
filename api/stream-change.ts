import type { Logger } from 'pino';
import { createStream, deleteStream, editStream, rotateStreamKey, type StreamDraft, type StreamRow } from '../db/stream.repository.ts';
import type { BroadcastInput } from '../domain/contracts/stream.ts';
import { broadcastInput } from '../domain/streaming/broadcast-input.ts';
import type { RequestWorkspace } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError, fieldError } from './errors.ts';
import type { StreamChange } from './schemas/stream.ts';
import { forgetStream, requireStream } from './stream-read.ts';

/** Who asks for a change, and by which request. */
export interface StreamEditor {
  user_id: string;
  workspace: RequestWorkspace;
  request_id: string;
  log: Logger;
}

const leads = ({ workspace }: StreamEditor): boolean => workspace.role === 'owner' || workspace.role === 'admin';
const isOver = ({ status }: StreamRow): boolean => status === 'ending' || status === 'ended';
const inputOf = ({ config }: ApiDeps, stream: StreamRow, by: StreamEditor): BroadcastInput => broadcastInput(stream, config.streaming.graceMs, by.request_id);

/** @returns the stream, and its key, which nobody is shown again */
export async function makeStream(deps: ApiDeps, draft: StreamDraft, by: StreamEditor): Promise<{ stream: StreamRow; key: string }> {
  refusePast(draft.scheduled_for);
  const { id, key } = await createStream(deps.db, draft);
  const stream = await requireStream(deps, draft.workspace_id, id);
  await forgetStream(deps, stream);
  deps.temporal.streaming.startBroadcast(inputOf(deps, stream, by)).catch((error: unknown) => by.log.warn({ err: error, stream_id: id }, 'the stream is made; its encoder or the sweep starts its workflow'));
  return { stream, key };
}

/**
 * Changes what a person may change of a stream.
 * @returns it, and whether it is on its way to its end
 * @throws ApiError forbidden; validation_failed, which names the field; unavailable where it can't be ended now
 */
export async function changeStream(deps: ApiDeps, stream: StreamRow, { status, ...edit }: StreamChange, by: StreamEditor): Promise<{ stream: StreamRow; pending: boolean }> {
  refuseStrangers(stream, { status, ...edit }, by);
  if (status !== undefined && status !== 'ended') throw fieldError('status', 'can only be set to ended: everything else becomes so by itself');
  if (edit.scheduled_for !== undefined) {
    if (stream.status !== 'waiting') throw fieldError('scheduled_for', 'can be set only while the stream waits for its encoder');
    refusePast(edit.scheduled_for);
  }
  // Nothing is kept of a request of which a part can't be done.
  const pending = status === 'ended' && !isOver(stream);
  if (pending) await deps.temporal.streaming.endBroadcast(inputOf(deps, stream, by), { user_id: by.user_id, request_id: by.request_id });
  if (Object.keys(edit).length > 0 && !(await editStream(deps.db, stream.id, edit))) throw fieldError('scheduled_for', 'can be set only while the stream waits for its encoder');
  await forgetStream(deps, stream);
  return { stream: await requireStream(deps, stream.workspace_id, stream.id), pending };
}

/** The old key is refused from now on, and an encoder that publishes with it is cut off. */
export async function rotateKey(deps: ApiDeps, stream: StreamRow, by: StreamEditor): Promise<{ key: string }> {
  if (stream.user_id !== by.user_id && !leads(by)) throw notYours();
  const rotated = await rotateStreamKey(deps.db, stream.id);
  if (!rotated) throw new ApiError('stream_over');
  await forgetStream(deps, stream);
  const { key, key_version } = rotated;
  deps.temporal.streaming
    .rotateKey(inputOf(deps, stream, by), { key_version })
    .catch((error: unknown) => by.log.warn({ err: error, stream_id: stream.id }, 'the key is rotated; the media host sees it in the table and cuts the old encoder'));
  return { key };
}

/** Its videos and chat stay. */
export async function removeStream(deps: ApiDeps, stream: StreamRow, by: StreamEditor): Promise<void> {
  if (stream.user_id !== by.user_id && !leads(by)) throw notYours();
  if (!(await deleteStream(deps.db, stream.id))) throw new ApiError('stream_not_deletable');
  await forgetStream(deps, stream);
  if (stream.status !== 'waiting') return;
  deps.temporal.streaming
    .endBroadcast(inputOf(deps, stream, by), { user_id: by.user_id, request_id: by.request_id })
    .catch((error: unknown) => by.log.warn({ err: error, stream_id: stream.id }, 'the stream is deleted; the sweep ends its workflow'));
}

function refuseStrangers(stream: StreamRow, change: StreamChange, by: StreamEditor): void {
  const names = Object.entries(change).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.includes('featured') && !leads(by)) throw new ApiError('forbidden', { detail: 'featured is set by owners and admins of the workspace' });
  if (stream.user_id !== by.user_id && names.some((name) => name !== 'featured')) throw notYours();
}

const notYours = (): ApiError => new ApiError('forbidden', { detail: 'only who made the stream may do this' });

function refusePast(scheduledFor: Date | null): void {
  if (scheduledFor !== null && scheduledFor.getTime() <= Date.now()) throw fieldError('scheduled_for', 'must be in the future');
}
