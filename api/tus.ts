import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FileStore } from '@tus/file-store';
import { Server, type Upload } from '@tus/server';
import { newId } from '../db/ids.ts';
import { findVod } from '../db/vod.repository.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError } from './errors.ts';
import { addUpload, checkStream, parseVodFields, storeSource, vodTooLarge, type VodSender } from './vod-intake.ts';

export const TUS_PATH = '/vod/upload/tus';
/** What is not finished by then is removed. */
const UPLOAD_LIFE_MS = 24 * 3_600_000;
/** Entries of the folder that one new upload has looked at. */
const SWEPT_AT_ONCE = 200;

/** Names in the metadata that are ours to set. */
const OWNER = 'owner_user_id';
const WORKSPACE = 'owner_workspace_id';

/** Resumable uploads by tus 1.0: https://tus.io/protocols/resumable-upload. Parts lie on this machine's disk until they are whole. */
export interface TusUploads {
  /** Answers a request of the protocol, for a member who may upload. @throws ApiError */
  handle(request: Request, by: VodSender): Promise<Response>;
  /** What the server can do, for anybody. */
  options(request: Request): Promise<Response>;
}

/** What hooks need to know of the request, and what they refused it for. */
interface Turn {
  by: VodSender;
  refusal: unknown;
}

export function createTusUploads(deps: ApiDeps): TusUploads {
  const folder = join(deps.config.streaming.dataDir, 'uploads');
  const turns = new WeakMap<object, Turn>();
  /** By the upload's id, while it is taken into storage. */
  const finishing = new Map<string, Promise<void>>();
  let opened: Promise<{ server: Server; store: FileStore }> | null = null;
  const open = (): Promise<{ server: Server; store: FileStore }> =>
    (opened ??= start().catch((error: unknown) => {
      opened = null;
      throw error;
    }));

  return {
    async handle(request, by) {
      const { server, store } = await open();
      const id = request.method === 'POST' ? null : new URL(request.url).pathname.split('/').at(-1)!;
      if (request.method === 'POST') await removeExpired(folder);
      if (request.method === 'HEAD' && id !== null && (await isTaken(id, by))) return taken(id);
      const turn: Turn = { by, refusal: null };
      turns.set(request, turn);
      const response = await server.handleWeb(request);
      if (turn.refusal !== null) throw turn.refusal as Error;
      if (response.status === 413) throw vodTooLarge(deps.config.streaming.vodMaxBytes);
      // All of it came, and the process ended before it was taken into storage.
      if (request.method === 'HEAD' && id !== null && response.status === 200 && isWhole(response.headers)) await finishOnce(store, id, by);
      return response;
    },
    options: async (request) => (await open()).server.handleWeb(request),
  };

  async function start(): Promise<{ server: Server; store: FileStore }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new FileStore({ directory: folder, expirationPeriodInMilliseconds: UPLOAD_LIFE_MS });
    /** The library answers what hooks throw with texts of its own: the refusal is kept, and thrown once it has. */
    const hook = async <T>(request: object, run: (by: VodSender) => Promise<T>): Promise<T> => {
      const turn = turns.get(request);
      if (!turn) throw new Error('A request that did not come through handle().');
      try {
        return await run(turn.by);
      } catch (error) {
        turn.refusal = error;
        throw error;
      }
    };
    const server = new Server({
      path: TUS_PATH,
      datastore: store,
      relativeLocation: true,
      maxSize: deps.config.streaming.vodMaxBytes,
      disableTerminationForFinishedUploads: true,
      // The upload's id becomes the video's.
      namingFunction: () => newId(),
      onIncomingRequest: (request, id) => hook(request, async (by) => void (request.method === 'POST' || (await requireOwn(store, id, by)))),
      onUploadCreate: (request, upload) => hook(request, async (by) => ({ metadata: { ...(await checked(upload, by)), [OWNER]: by.user_id, [WORKSPACE]: by.workspace_id } })),
      onUploadFinish: (request, upload) => hook(request, async (by) => (await finishOnce(store, upload.id, by), {})),
    });
    return { server, store };
  }

  async function checked(upload: Upload, by: VodSender): Promise<Record<string, string | null>> {
    const { stream_id } = parseVodFields(fieldsOf(upload));
    await checkStream(deps, by.workspace_id, stream_id);
    return upload.metadata ?? {};
  }

  /** @throws ApiError not_found where it is another's, or gone */
  async function requireOwn(store: FileStore, id: string, by: VodSender): Promise<void> {
    const upload = await store.getUpload(id).catch(() => null);
    if (upload?.metadata?.[OWNER] !== by.user_id || upload.metadata[WORKSPACE] !== by.workspace_id) throw new ApiError('not_found', { detail: 'no such upload: it is finished, has expired, or never was' });
  }

  /**
   * The library's lock is gone before an upload is finished, so that a HEAD after a cut PATCH comes here while that still runs: both would
   * read the parts that the first of them removes. Who comes second waits for the first.
   */
  function finishOnce(store: FileStore, id: string, by: VodSender): Promise<void> {
    const running = finishing.get(id);
    if (running) return running;
    const run = (async () => {
      // Finished since this request has seen it: there is nothing left to do.
      if (!(await isGone(join(folder, id)))) await finish(store, await store.getUpload(id), by);
    })().finally(() => finishing.delete(id));
    finishing.set(id, run);
    return run;
  }

  /** Into storage, then the row, then away: each may be repeated. */
  async function finish(store: FileStore, upload: Upload, by: VodSender): Promise<void> {
    const file = await storeSource(deps, upload.id, createReadStream(join(folder, upload.id)));
    await addUpload(deps, upload.id, { fields: parseVodFields(fieldsOf(upload)), file_name: upload.metadata?.['filename'] ?? '', file }, by);
    await store.remove(upload.id);
  }

  /** The video is there: the last answer was lost on its way. */
  async function isTaken(id: string, by: VodSender): Promise<boolean> {
    const vod = await findVod(deps.db, id);
    return vod?.user_id === by.user_id && vod.workspace_id === by.workspace_id && vod.source === 'upload' && (await isGone(join(folder, id)));
  }

  async function taken(id: string): Promise<Response> {
    const size = String((await findVod(deps.db, id))?.size_bytes ?? 0);
    return new Response(null, { status: 200, headers: { 'Tus-Resumable': '1.0.0', 'Upload-Offset': size, 'Upload-Length': size, 'Cache-Control': 'no-store' } });
  }
}

const isWhole = (headers: Headers): boolean => headers.has('upload-length') && headers.get('upload-offset') === headers.get('upload-length');

/** Clients send the file's name and type besides. */
const fieldsOf = ({ metadata }: Upload): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata ?? {}).flatMap(([name, value]) => (['filename', 'filetype', 'name', 'type', OWNER, WORKSPACE].includes(name) ? [] : [[name, value ?? '']])));

async function removeExpired(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).slice(0, SWEPT_AT_ONCE)) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (facts !== null && Date.now() - facts.mtimeMs > UPLOAD_LIFE_MS) await rm(path, { force: true });
  }
}

const isGone = (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
