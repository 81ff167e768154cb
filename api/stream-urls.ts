import { HLS_PLAYLIST } from '../domain/contracts/stream.ts';
import type { ApiConfig } from './deps.ts';

export interface StreamUrls {
  /** The key is appended, as a further part of the path. */
  rtmp: string;
  /** With the key as bearer token. */
  whip: string;
  whep: string;
  hls: string;
  watch: string;
  studio: string;
}

type Config = Pick<ApiConfig, 'publicUrl' | 'streaming'>;

/** Where a stream is published and watched. @param hostUrl of the media host that holds it; null: none does */
export function streamUrls(id: string, hostUrl: string | null, { publicUrl, streaming }: Config): StreamUrls {
  const media = hostUrl ?? streaming.mediaUrl;
  return {
    rtmp: streaming.rtmpUrl,
    whip: `${streaming.mediaUrl}/whip`,
    whep: `${media}/whep/${id}`,
    hls: `${media}/hls/${id}/${HLS_PLAYLIST}`,
    watch: `${publicUrl}/watch/${id}`,
    studio: `${publicUrl}/studio/${id}`,
  };
}

/** What RTMP encoders that know one field only are given. */
export const rtmpWithKey = (key: string, { streaming }: Config): string => `${streaming.rtmpUrl}/${key}`;

/** The URLs to watch by, with a play token in each. */
export function signedUrls(urls: StreamUrls, token: string): Pick<StreamUrls, 'whep' | 'hls' | 'watch'> {
  const signed = (url: string): string => `${url}?token=${encodeURIComponent(token)}`;
  return { whep: signed(urls.whep), hls: signed(urls.hls), watch: signed(urls.watch) };
}
