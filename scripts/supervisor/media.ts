import { availableParallelism } from 'node:os';
import type { Env } from '../../config/env.ts';
import { findWorkerBinary } from '../../config/mediasoup-worker.ts';
import { isFfmpegThere } from '../../media/ffmpeg-there.ts';
import { demandPort, demandRow, type PortBook } from './ports.ts';

/** What of streams works here, and where. */
export interface MediaPlan {
  /** Where the media host is, without a slash at the end; null: off. */
  url: string | null;
  /** Where encoders publish by RTMP; null: off. */
  rtmpUrl: string | null;
  /** What is off and the command that turns it on; null: nothing. */
  off: string | null;
  /** Variables for the API and the role media. */
  env: Record<string, string>;
}

const SETUP = 'npm run setup:media';

/** @param worker mediasoup's worker is there @param ffmpeg ffmpeg is there */
export function whatIsOff(worker: boolean, ffmpeg: boolean): string | null {
  if (worker && ffmpeg) return null;
  if (worker) return `RTMP, HLS and recordings: off, no ffmpeg. To turn them on: ${SETUP}`;
  return `off, no mediasoup worker${ffmpeg ? '' : ' and no ffmpeg'}. To turn them on: ${SETUP}`;
}

/**
 * Finds what streams need and takes the ports for it. A port that a person asked for is demanded; one that is only our
 * default gives way to another.
 * @param given the environment as it was given: defaults are not in it
 * @throws StartError where a port that was asked for is in use
 */
export async function planMedia(env: Env, given: Record<string, string | undefined>, ports: PortBook): Promise<MediaPlan> {
  const worker = findWorkerBinary(env.MEDIASOUP_WORKER_BIN) !== null;
  const ffmpeg = await isFfmpegThere(env.FFMPEG_PATH);
  const off = whatIsOff(worker, ffmpeg);
  if (!worker) return { url: null, rtmpUrl: null, off, env: {} };
  const port = async (variable: 'MEDIA_PORT' | 'RTMP_PORT', name: string): Promise<number> => {
    const wanted = env[variable];
    if (given[variable] && wanted !== 0) await demandPort(variable, wanted, env.HOST);
    else return ports.take(name, wanted, env.HOST);
    return wanted;
  };
  const mediaPort = await port('MEDIA_PORT', 'media');
  const rtmpPort = ffmpeg ? await port('RTMP_PORT', 'rtmp') : env.RTMP_PORT;
  const rtcPort = await rtcPorts(env, given, ports);
  return {
    url: (env.MEDIA_PUBLIC_URL ?? `http://${env.HOST}:${mediaPort}`).replace(/\/+$/, ''),
    rtmpUrl: ffmpeg ? (env.RTMP_PUBLIC_URL ?? `rtmp://${env.HOST}:${rtmpPort}/live`) : null,
    off,
    env: { MEDIA_PORT: String(mediaPort), RTMP_PORT: String(rtmpPort), MEDIA_RTC_PORT: String(rtcPort) },
  };
}

/** One for each mediasoup worker. @returns the first; 0: free ones, which mediasoup takes itself */
async function rtcPorts(env: Env, given: Record<string, string | undefined>, ports: PortBook): Promise<number> {
  const count = env.MEDIA_WORKERS ?? availableParallelism();
  if (env.MEDIA_RTC_PORT === 0) return 0;
  if (!given.MEDIA_RTC_PORT) return ports.takeRow('media-rtc', env.MEDIA_RTC_PORT, count, env.HOST);
  await demandRow('MEDIA_RTC_PORT', env.MEDIA_RTC_PORT, count, env.HOST);
  return env.MEDIA_RTC_PORT;
}
