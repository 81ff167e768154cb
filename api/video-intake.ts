import type { Context } from 'hono';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { AppUser } from '../db/app-user.repository.ts';
import { newId } from '../db/ids.ts';
import { beginVideo, dropUpload, isSoundThere, videoReceived, type VideoFields } from '../db/video.repository.ts';
import { VIDEO_PRIVACY, videoSourceKey } from '../domain/contracts/video.ts';
import { AppError } from '../domain/errors.ts';
import { bodyStream } from './body-stream.ts';
import type { AppEnv } from './context.ts';
import type { ApiDeps } from './deps.ts';
import { ApiError, fieldError } from './errors.ts';
import { readUpload } from './multipart.ts';
import { faultsOf, validationError } from './validation.ts';
import { flag, id, text } from './verbs/fields.ts';

/** A person uploads one after the other; whoever has so many in the making is no person. */
const AT_ONCE = 5;
const MOST_DESCRIPTION = 2_200;
/** Fields and boundaries around the file. */
const AROUND_THE_FILE_BYTES = 1024 * 1024;

const optionalId = z.union([z.literal(['', '0']), id], 'must be an id').optional();

export const uploadFields = z.object({
  description: text(MOST_DESCRIPTION).default(''),
  privacy_type: z.string().toLowerCase().pipe(z.enum(VIDEO_PRIVACY)).default('public'),
  allow_comments: flag.default(true),
  allow_duet: flag.default(true),
  sound_id: optionalId.describe('A sound of the catalogue that is heard in it; absent: it has a sound of its own.'),
});

export interface VideoIntake {
  workspace_id: string;
  request_id: string;
  log: Logger;
  /** Whose the token of the body is. @throws ApiError unauthenticated, token_expired, rate_limited */
  sender(token: string | undefined): Promise<AppUser>;
}

/**
 * Streams a form with a video to storage, and has it made ready. Of what breaks off nothing is kept.
 * @throws ApiError naming the field at fault; feature_off where ffmpeg is missing, unavailable where the disk is full
 */
export async function receiveVideo(deps: ApiDeps, c: Context<AppEnv>, by: VideoIntake): Promise<{ id: string; user_id: string }> {
  const contentType = c.req.header('content-type') ?? '';
  // Who has not signed in is told so, whatever else is wrong.
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    await by.sender(undefined);
    throw new ApiError('unsupported_media_type', { detail: 'send multipart/form-data with the part video' });
  }
  if (Number(c.req.header('content-length') ?? 0) > deps.config.social.videoMaxBytes + AROUND_THE_FILE_BYTES) throw tooLarge(deps);
  if (!(await deps.hasFfmpeg())) throw new ApiError('feature_off', { detail: 'ffmpeg is missing, without which no video can be made ready: install it, or name it in FFMPEG_PATH' });
  const given: Record<string, string> = {};
  const onField = (name: string, value: string): void => {
    if (Object.hasOwn(given, name)) throw fieldError(name, 'is there twice');
    given[name] = value;
  };
  const video = { id: newId(), source_key: '', user_id: '' };
  video.source_key = videoSourceKey(video.id);
  let isKept = false;
  let isAsked = false;
  const sender = (): Promise<AppUser> => {
    isAsked = true;
    return by.sender(given.auth_token);
  };
  try {
    const file = await readUpload({ source: bodyStream(c), contentType, metadata: 'none', fileParts: ['video', 'file'], onField }, async ({ file }) => {
      const user = await sender();
      await fieldsOf(deps, by.workspace_id, given);
      if (!(await beginVideo(deps.db, { id: video.id, workspace_id: by.workspace_id, user_id: user.id }, AT_ONCE)))
        throw new ApiError('rate_limited', { detail: `${AT_ONCE} of your videos are in the making: wait for one of them` });
      video.user_id = user.id;
      return storeSource(deps, video.source_key, file);
    }).catch(async (error: unknown) => {
      // A form that never came to a file is somebody's turn, too.
      if (!isAsked) await sender();
      throw error;
    });
    if (file.size_bytes === 0) throw fieldError('video', 'is empty');
    isKept = await videoReceived(deps.db, video.id, { ...(await fieldsOf(deps, by.workspace_id, given)), source_key: video.source_key, size_bytes: file.size_bytes });
    if (!isKept) throw new ApiError('conflict', { detail: 'the upload took too long, or the account is gone' });
  } finally {
    // The file first: a crash in between leaves a row, by which the sweep finds it.
    if (!isKept && video.user_id !== '') await deps.media.delete(video.source_key).then(() => dropUpload(deps.db, video.id));
  }
  await start(deps, { video_id: video.id, workspace_id: by.workspace_id, request_id: by.request_id }, by.log);
  return video;
}

async function storeSource({ media, config }: ApiDeps, key: string, file: Readable) {
  try {
    return await media.put(key, file, config.social.videoMaxBytes);
  } catch (error) {
    if (error instanceof AppError && error.code === 'media_too_large') throw tooLarge({ config });
    if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw new ApiError('unavailable', { detail: 'the disk is full; nothing of the video was kept' }, { cause: error });
    throw error;
  }
}

/** Checked before the file is stored, as far as they came, and once all are there. */
async function fieldsOf({ db }: Pick<ApiDeps, 'db'>, workspaceId: string, given: Readonly<Record<string, string>>): Promise<VideoFields> {
  const parsed = uploadFields.safeParse(given);
  if (!parsed.success) throw validationError(faultsOf(parsed.error, 'body'));
  const { privacy_type, sound_id: asked, ...rest } = parsed.data;
  const sound_id = asked === undefined || asked === '' || asked === '0' ? null : asked;
  if (sound_id !== null && !(await isSoundThere(db, workspaceId, sound_id))) throw fieldError('sound_id', 'is no sound that is there');
  return { ...rest, privacy: privacy_type, sound_id };
}

const tooLarge = ({ config }: Pick<ApiDeps, 'config'>): ApiError => fieldError('video', `may have at most ${config.social.videoMaxBytes} bytes`);

/** Where Temporal does not take it now, the sweep of unfinished videos starts it. */
const start = ({ temporal }: Pick<ApiDeps, 'temporal'>, input: Parameters<ApiDeps['temporal']['social']['processVideo']>[0], log: Logger): Promise<void> =>
  temporal.social.processVideo(input).catch((error: unknown) => log.warn({ err: error, video_id: input.video_id }, 'the video is stored; the sweep has it made'));
