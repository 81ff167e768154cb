import type { Hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { faultName } from '../../fault-book.ts';
import type { Fault } from '../state/faults.ts';
import type { Post, Upload } from '../state/posts.ts';
import { newLogId } from '../wire/answers.ts';
import { toJson } from '../wire/json.ts';
import { UPLOAD_PATH } from '../wire/paths.ts';
import type { World } from '../world.ts';
import { lastByteOf, readContentRange, type Range } from './chunk-rules.ts';
import { HEAD_BYTES } from './media-format.ts';

const CONTENT_TYPES = ['video/mp4', 'video/quicktime', 'video/webm'];
/** Nobody sends a larger chunk; what says it will is not read to its end. */
const MAX_BODY = 134_217_728;
const MAX_PUTS = 5_000;

/** What came of one PUT: https://developers.tiktok.com/docs/en/content-posting-api-media-transfer-guide */
interface PutOutcome {
  status: number;
  code: string;
  message: string;
}
const outcome = (status: number, code: string, message = ''): PutOutcome => ({ status, code, message });

/**
 * `PUT {upload_url}` on Node's own request: bytes are counted as they come and kept nowhere, so that the sandbox is never
 * what an upload waits for. @returns whether the request was one
 */
export function acceptUpload(world: World, request: IncomingMessage, response: ServerResponse): boolean {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  if (request.method !== 'PUT' || url.pathname !== UPLOAD_PATH) return false;
  void put(world, url.searchParams, request, response).catch((error: unknown) => {
    // A fault of the sandbox itself: whoever drives it must see it.
    if (response.headersSent) response.destroy();
    else response.writeHead(500).end(String(error));
  });
  return true;
}

async function put(world: World, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const found = world.posts.byUpload(query.get('upload_id') ?? '');
  const post = found?.upload?.token === query.get('upload_token') ? found : undefined;
  const range = readContentRange(request.headers['content-range']);
  const chunk = post?.upload && range ? Math.min(Math.floor(range.first / post.upload.chunk_size), post.upload.chunk_count - 1) : null;
  const fault = world.faults.take({ path: UPLOAD_PATH, account: post?.account ?? null, chunk: chunk ?? undefined });
  const record = post?.upload && note(post.upload, { at_ms: world.clock.now(), chunk, range: request.headers['content-range'] ?? null, status: null, bytes: 0 });
  const onBytes = (bytes: number): void => void (record && (record.bytes += bytes));

  if (fault && fault.delay_ms > 0) await delay(fault.delay_ms, undefined, { ref: false });
  if (fault?.drop === 'before') {
    await readUntil(request, fault.after_bytes ?? 0, onBytes);
    request.socket.destroy();
  } else {
    const answer = await underFault(fault, () => store(world, post, range, request, onBytes), () => readUntil(request, MAX_BODY, onBytes));
    if (!answer) return;
    if (record) record.status = answer.status;
    saw(world, post, answer, fault);
    if (fault?.drop === 'after') request.socket.destroy();
    else respond(world, post?.upload ?? null, answer, fault, response);
    return;
  }
  saw(world, post, outcome(503, 'dropped'), fault);
}

async function underFault(fault: Fault | null, act: () => Promise<PutOutcome | null>, ignore: () => Promise<unknown>): Promise<PutOutcome | null> {
  if (!fault?.answer) return act();
  await (fault.answer.acted ? act() : ignore());
  return outcome(fault.answer.status, fault.answer.code, fault.answer.message);
}

/** @returns null where the client broke off: there is nobody to answer */
async function store(world: World, post: Post | undefined, range: Range | null, request: IncomingMessage, onBytes: (bytes: number) => void): Promise<PutOutcome | null> {
  const refusal = post?.upload ? refusalOf(world, post, post.upload, range, request) : outcome(404, 'upload_not_found', 'There is no such upload.');
  if (refusal || !post?.upload || !range) {
    await readUntil(request, MAX_BODY, onBytes);
    return refusal;
  }
  const { upload } = post;
  const head: Buffer[] = [];
  let headBytes = 0;
  const hash = upload.hash?.copy() ?? null;
  const received = await readUntil(request, MAX_BODY, (bytes, data) => {
    onBytes(bytes);
    if (range.first === 0 && headBytes < HEAD_BYTES) {
      head.push(Buffer.from(data.subarray(0, HEAD_BYTES)));
      headBytes += bytes;
    }
    hash?.update(data);
  });
  if (received !== range.last - range.first + 1) return null;
  return commit(world, post, upload, range, head, hash, request);
}

function refusalOf(world: World, post: Post, upload: Upload, range: Range | null, request: IncomingMessage): PutOutcome | null {
  if (post.status === 'FAILED') return outcome(404, 'upload_not_found', 'There is no such upload.');
  if (upload.expires_ms <= world.clock.now()) return outcome(403, 'upload_url_expired', 'The upload_url has expired.');
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!CONTENT_TYPES.includes(type)) return outcome(400, 'invalid_content_type', 'Content-Type must be video/mp4, video/quicktime or video/webm.');
  if (!range) return outcome(400, 'invalid_content_range', 'Content-Range must be "bytes first-last/total".');
  if (Number(request.headers['content-length']) !== range.last - range.first + 1) return outcome(400, 'invalid_content_length', 'Content-Length does not match Content-Range.');
  if (range.total !== upload.size) return outcome(400, 'invalid_content_range', 'The total of Content-Range is not the video_size of the init.');
  if (range.first !== upload.uploaded) return outcome(416, 'content_range_mismatch', 'Content-Range does not match the progress of the upload.');
  if (range.last !== lastByteOf(range.first, upload)) return outcome(400, 'invalid_content_range', 'The chunk is not of the size that the init told.');
  return null;
}

/** Whole chunks only, and only the one that is next: of two that came at once, one is late. */
function commit(world: World, post: Post, upload: Upload, range: Range, head: Buffer[], hash: Hash | null, request: IncomingMessage): PutOutcome {
  if (post.status === 'FAILED') return outcome(404, 'upload_not_found', 'There is no such upload.');
  if (upload.uploaded !== range.first) return outcome(416, 'content_range_mismatch', 'Content-Range does not match the progress of the upload.');
  upload.uploaded = range.last + 1;
  upload.hash = hash;
  if (range.first === 0) {
    post.head = Buffer.concat(head).subarray(0, HEAD_BYTES);
    upload.content_type = request.headers['content-type'] ?? null;
  }
  if (upload.uploaded < upload.size) return outcome(206, 'ok');
  world.life.process(post);
  return outcome(201, 'ok');
}

/** Reads so many bytes, or to the end; what the connection breaks off is no error here. @returns bytes read */
function readUntil(request: IncomingMessage, limit: number, onData: (bytes: number, data: Buffer) => void): Promise<number> {
  return new Promise((resolve) => {
    let read = 0;
    const done = (): void => {
      request.off('data', take);
      resolve(read);
    };
    const take = (data: Buffer): void => {
      read += data.length;
      onData(data.length, data);
      if (read >= limit && limit < MAX_BODY) done();
    };
    if (limit === 0 || request.readableEnded || request.destroyed) return resolve(0);
    request.on('data', take);
    request.once('end', done);
    request.once('error', done);
    request.once('close', done);
  });
}

function note(upload: Upload, entry: Upload['puts'][number]): Upload['puts'][number] {
  upload.puts.push(entry);
  if (upload.puts.length > MAX_PUTS) upload.puts.shift();
  return entry;
}

function respond(world: World, upload: Upload | null, { status, code, message }: PutOutcome, fault: Fault | null, response: ServerResponse): void {
  const log_id = newLogId(world.clock.now());
  response.setHeader('x-tt-logid', log_id);
  if (upload) response.setHeader('content-range', `bytes 0-${toldBytes(world, upload)}/${upload.size}`);
  if (fault?.answer?.retry_after_s !== undefined) response.setHeader('retry-after', String(fault.answer.retry_after_s));
  if (status < 300) {
    response.writeHead(status).end();
    return;
  }
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.writeHead(status).end(fault?.answer?.body ?? toJson({ error: { code, message, log_id } }));
}

/** The documentation says "number of bytes uploaded"; whether it is that or the last index nobody has confirmed. */
const toldBytes = (world: World, { uploaded }: Upload): number =>
  world.settings.current.behaviour.content_range === 'count' ? uploaded : Math.max(0, uploaded - 1);

function saw(world: World, post: Post | undefined, { status, code }: PutOutcome, fault: Fault | null): void {
  const now = world.clock.now();
  const username = post?.account.username ?? null;
  world.journal.saw({ at_ms: now, path: UPLOAD_PATH, username, status, code, log_id: newLogId(now), fault: fault ? faultName(fault) : null });
}
