import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { newId } from '../db/ids.ts';
import { findVod, insertVod, vodReceived, type VodRow } from '../db/vod.repository.ts';
import { vodSourceKey } from '../domain/contracts/vod.ts';
import { AppError } from '../domain/errors.ts';
import { vodsTag, vodTag } from './cache-tags.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError, fieldError } from './errors.ts';
import { readUpload } from './multipart.ts';
import type { VodFetch, VodFields } from './schemas/vod.ts';
import { vodFields } from './schemas/vod.ts';
import type { FileOwner } from './stored-file.ts';
import { faultsOf, validationError } from './validation.ts';

export interface VodSender extends FileOwner {
  log: Logger;
  request_id: string;
}

/** Fields as text, such as of a form; '' counts as absent. @throws ApiError (422) with every fault by field */
export function parseVodFields(given: Readonly<Record<string, string>>): VodFields {
  const parsed = vodFields.safeParse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')));
  if (!parsed.success) throw validationError(faultsOf(parsed.error, 'body'));
  return parsed.data;
}

/** @throws ApiError (422) where the stream is not one of the workspace */
export async function checkStream({ db }: Pick<ApiDeps, 'db'>, workspaceId: string, streamId: string | null | undefined): Promise<void> {
  if (streamId === null || streamId === undefined) return;
  const stream = await db.selectFrom('streams').select('id').where('id', '=', streamId).where('workspace_id', '=', workspaceId).executeTakeFirst();
  if (!stream) throw fieldError('stream_id', 'is no stream of this workspace');
}

/** A form with the file and its fields, in any order; what came before the file is checked before it is stored. */
export async function vodFromForm(deps: ApiDeps, contentType: string, source: Readable, by: VodSender): Promise<VodRow> {
  const vodId = newId();
  const given: Record<string, string> = {};
  const fields = async (): Promise<VodFields> => {
    const parsed = parseVodFields(given);
    await checkStream(deps, by.workspace_id, parsed.stream_id);
    return parsed;
  };
  const onField = (name: string, value: string): void => {
    if (Object.hasOwn(given, name)) throw fieldError(name, 'is there twice');
    given[name] = value;
  };
  let isKept = false;
  try {
    const received = await readUpload({ source, contentType, metadata: 'none', onField }, async ({ file, file_name }) => {
      await fields();
      return { file_name, file: await storeSource(deps, vodId, file) };
    });
    const vod = await addUpload(deps, vodId, { ...received, fields: await fields() }, by);
    isKept = true;
    return vod;
  } finally {
    if (!isKept) await deps.media.delete(vodSourceKey(vodId));
  }
}

/** @throws ApiError vod_too_large */
export async function storeSource({ media, config }: ApiDeps, vodId: string, file: Readable) {
  try {
    return await media.put(vodSourceKey(vodId), file, config.streaming.vodMaxBytes);
  } catch (error) {
    throw error instanceof AppError && error.code === 'media_too_large' ? vodTooLarge(config.streaming.vodMaxBytes) : error;
  }
}

export const vodTooLarge = (maxBytes: number): ApiError =>
  new ApiError('vod_too_large', { detail: `at most ${maxBytes} bytes`, errors: [{ field: 'file', message: `must have at most ${maxBytes} bytes` }] });

/** Makes the row of a file that lies in storage, and has it looked at. The same again changes nothing. */
export async function addUpload(deps: ApiDeps, id: string, { fields, file_name, file }: { fields: VodFields; file_name: string; file: { size_bytes: number; sha256: string } }, by: VodSender): Promise<VodRow> {
  await insertVod(deps.db, { ...rowOf(id, fields, file_name, by), source: 'upload', source_url: null });
  await vodReceived(deps.db, id, { storage_key: vodSourceKey(id), size_bytes: file.size_bytes, sha256: file.sha256 });
  return begin(deps, id, 'upload', fields.stream_id ?? null, by);
}

/** Makes the row of a file that is still to be fetched. */
export async function vodFromAddress(deps: ApiDeps, { path_or_url, ...fields }: VodFetch, by: VodSender): Promise<VodRow> {
  const name = checkAddress(deps, path_or_url);
  await checkStream(deps, by.workspace_id, fields.stream_id);
  const id = newId();
  await insertVod(deps.db, { ...rowOf(id, fields, name, by), source: 'fetch', source_url: path_or_url });
  return begin(deps, id, 'fetch', fields.stream_id ?? null, by);
}

/** What can be said without looking; the worker that fetches looks. @returns the file's name */
function checkAddress({ config }: ApiDeps, address: string): string {
  if (URL.canParse(address) && !/^[a-z]:\\/i.test(address)) {
    const { protocol, pathname, username, password } = new URL(address);
    if (!['http:', 'https:'].includes(protocol)) throw fieldError('path_or_url', 'must be an http or https URL, or a path');
    // It is stored, and shown to members.
    if (username !== '' || password !== '') throw fieldError('path_or_url', 'must not hold a password');
    return decodeURIComponentSafely(pathname.split('/').at(-1) ?? '');
  }
  if (!config.streaming.vodPaths) throw fieldError('path_or_url', 'is a path, and VOD_IMPORT_DIR is not set here', 'vod_source_refused');
  if (address.split(/[/\\]/).includes('..')) throw fieldError('path_or_url', 'must not lead out of VOD_IMPORT_DIR', 'vod_source_refused');
  return address.split('/').at(-1) ?? '';
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const MAX_TITLE = 200;

const rowOf = (id: string, { title, description, stream_id, visibility, recorded_from }: VodFields, fileName: string, by: VodSender) => ({
  id,
  workspace_id: by.workspace_id,
  user_id: by.user_id,
  stream_id: stream_id ?? null,
  title: title ?? (Array.from(fileName.replaceAll('\0', '')).slice(0, MAX_TITLE).join('').trim() || 'Video'),
  description: description ?? null,
  visibility,
  recorded_from: recorded_from ? new Date(recorded_from) : null,
});

/** Where Temporal is away the sweep starts it. */
async function begin(deps: ApiDeps, vod_id: string, source: 'upload' | 'fetch', stream_id: string | null, { workspace_id, request_id, log }: VodSender): Promise<VodRow> {
  await startIngest(deps, { vod_id, workspace_id, source, stream_id, request_id }, log);
  await deps.cache.invalidate([vodsTag(workspace_id), vodTag(vod_id)]);
  const vod = await findVod(deps.db, vod_id);
  if (!vod) throw new ApiError('not_found', { detail: 'the video was deleted' });
  return vod;
}

/** Has the video made; where Temporal does not take it now, the sweep of unfinished videos starts it. */
export const startIngest = (deps: Pick<ApiDeps, 'temporal'>, input: Parameters<ApiDeps['temporal']['streaming']['ingestVod']>[0], log: Logger): Promise<void> =>
  deps.temporal.streaming.ingestVod(input).catch((error: unknown) => log.warn({ err: error, vod_id: input.vod_id }, 'the video is stored; the sweep has it made'));
