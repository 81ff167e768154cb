import type { TikTokVideo } from '../contracts/open-api.ts';

export interface WantedVideo {
  caption: string;
  /** Ids that TikTok named already. */
  post_ids: readonly string[];
  /** When init was called, epoch milliseconds. */
  init_sent_at_ms: number;
}

/** Clocks differ, and create_time counts whole seconds. */
const SKEW_S = 5;
/** TikTok's list shortens captions to 150 characters: https://developers.tiktok.com/docs/en/tiktok-api-v2-video-object. */
const SHORTENED_FROM = 140;

/** A video older than this can not be the post. */
export const earliestSecond = ({ init_sent_at_ms }: Pick<WantedVideo, 'init_sent_at_ms'>): number => Math.floor(init_sent_at_ms / 1_000) - SKEW_S;

/**
 * The video that a post became: by id, else the first with its caption since init. A post without a caption is found by id only,
 * for any other video of its owner would do as well.
 * @param taken ids that are other posts'
 */
export function matchVideo(wanted: WantedVideo, videos: readonly TikTokVideo[], taken: ReadonlySet<string>): TikTokVideo | null {
  const named = videos.find(({ id }) => wanted.post_ids.includes(id));
  if (named) return named;
  const fitting = videos.filter(
    (video) => video.create_time >= earliestSecond(wanted) && !taken.has(video.id) && [video.video_description, video.title].some((text) => isCaption(text, wanted.caption)),
  );
  return fitting.toSorted((a, b) => a.create_time - b.create_time)[0] ?? null;
}

function isCaption(text: string, caption: string): boolean {
  const [shown, whole] = [normal(text), normal(caption)];
  if (shown === '') return false;
  const cut = shown.replace(/(…|\.\.\.)$/u, '').trimEnd();
  return shown === whole || (shown.length >= SHORTENED_FROM && whole.startsWith(cut));
}

const normal = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim();
