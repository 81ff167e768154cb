import { findStream, listStreams, type StreamQuery, type StreamRow } from '../db/stream.repository.ts';
import { streamsTag, streamTag } from './cache-tags.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';
import { toIdPage, type Page } from './paging.ts';
import { toPublicView, toStreamView, type StreamView } from './schemas/stream.ts';

type Deps = Pick<ApiDeps, 'db' | 'cache' | 'config'>;
type PublicView = ReturnType<typeof toPublicView>;

/** What is kept of a stream: both of its faces, made once. */
interface KeptStream {
  view: StreamView;
  face: PublicView;
}

async function keptStream({ db, cache, config }: Deps, id: string): Promise<KeptStream> {
  const kept = await cache.through(`stream:${id}`, [streamTag(id)], config.streaming.cacheTtlS, async () => {
    const row = await findStream(db, id);
    return row ? { view: toStreamView(row, config), face: toPublicView(row, config) } : null;
  });
  if (!kept) throw new ApiError('not_found');
  return kept;
}

/** A stream of the workspace. @throws ApiError not_found */
export async function readStream(deps: Deps, workspaceId: string, id: string): Promise<StreamView> {
  const { view } = await keptStream(deps, id);
  if (view.workspace_id !== workspaceId) throw new ApiError('not_found');
  return view;
}

/** A stream as its viewers see it, whosever it is: the caller checks that they may. @throws ApiError not_found */
export async function readPublicStream(deps: Deps, id: string): Promise<{ workspace_id: string; face: PublicView }> {
  const { view, face } = await keptStream(deps, id);
  return { workspace_id: view.workspace_id, face };
}

/** One page of a workspace's streams. */
export function readStreams({ db, cache, config }: Deps, query: StreamQuery): Promise<Page<StreamView>> {
  const { workspace_id, status, featured, before, limit } = query;
  const key = `streams:${workspace_id}:${JSON.stringify([status ?? null, featured ?? null, before ?? null, limit])}`;
  return cache.through(key, [streamsTag(workspace_id)], config.streaming.cacheTtlS, async () =>
    toIdPage(await listStreams(db, { ...query, limit: limit + 1 }), limit, (row) => toStreamView(row, config)),
  );
}

/** The stream as it is now, past the cache: for whoever changes it. @throws ApiError not_found */
export async function requireStream({ db }: Pick<ApiDeps, 'db'>, workspaceId: string, id: string): Promise<StreamRow> {
  const row = await findStream(db, id);
  if (row?.workspace_id !== workspaceId) throw new ApiError('not_found');
  return row;
}

/** What was kept of a stream, and of the lists that it is in, is true no more. */
export const forgetStream = ({ cache }: Pick<ApiDeps, 'cache'>, { id, workspace_id }: Pick<StreamRow, 'id' | 'workspace_id'>): Promise<void> =>
  cache.invalidate([streamTag(id), streamsTag(workspace_id)]);
