import type { Rendition } from '../../domain/social/video.ts';

/** PQ and HLG, as phones record them: shown as they are on other screens they are grey. */
const HDR = ['smpte2084', 'arib-std-b67'];
/** https://ffmpeg.org/ffmpeg-filters.html#tonemap */
const TO_SDR = ['zscale=t=linear:npl=203', 'format=gbrpf32le', 'zscale=p=bt709', 'tonemap=hable:desat=0', 'zscale=t=bt709:m=bt709:r=tv'];

export const isHdr = (colorTransfer: string | undefined): boolean => HDR.includes(colorTransfer ?? '');

/**
 * The graph that makes all renditions of the first video track, each under its name as label. ffmpeg has turned the picture before.
 * @param renditions best first; each is made of the one before
 * @param fromHdr brings it to what every screen shows
 */
export function pictureFilter(renditions: readonly Rendition[], fromHdr: boolean): string {
  return renditions.map((rendition, index) => chain(rendition, index, renditions[index + 1] !== undefined, fromHdr && index === 0)).join(';');
}

function chain({ name, width, height, frame_rate }: Rendition, index: number, isMadeOn: boolean, fromHdr: boolean): string {
  const input = index === 0 ? '[0:v:0]' : `[from${index}]`;
  const filters = [`fps=${frame_rate}`, `scale=${width}:${height}`, ...(fromHdr ? TO_SDR : []), 'setsar=1', 'format=yuv420p'];
  const output = isMadeOn ? `,split=2[${name}][from${index + 1}]` : `[${name}]`;
  return `${input}${filters.join(',')}${output}`;
}
