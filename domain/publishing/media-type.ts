export const VIDEO_TYPES = ['video/mp4', 'video/quicktime', 'video/webm'] as const;
export type VideoType = (typeof VIDEO_TYPES)[number];
export const PHOTO_TYPES = ['image/jpeg', 'image/webp'] as const;
export type PhotoType = (typeof PHOTO_TYPES)[number];
export type MediaType = VideoType | PhotoType;

/** So many first bytes tell the type. */
export const SNIFF_BYTES = 4_096;

/** Top-level boxes that a QuickTime file from before `ftyp` may begin with. */
const OLD_QUICKTIME = new Set(['moov', 'mdat', 'wide', 'free', 'skip', 'pnot']);
/** Brands of ISO media files that are pictures or sound, not video. */
const NO_VIDEO_BRAND = /^(avif|avis|mif1|msf1|hei[cfmsx]|hev[cmsx]|M4A |M4B |M4P )$/;

/** What a file is by its first bytes, whatever its name says; null: nothing that TikTok takes. */
export function sniffMediaType(head: Uint8Array): MediaType | null {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg';
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 4) === 'WEBP') return 'image/webp';
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3) return ebmlDocType(head) === 'webm' ? 'video/webm' : null;
  const box = ascii(head, 4, 4);
  if (box === 'ftyp') return ofBrand(ascii(head, 8, 4));
  return OLD_QUICKTIME.has(box) ? 'video/quicktime' : null;
}

const ofBrand = (brand: string): VideoType | null => (brand === 'qt  ' ? 'video/quicktime' : NO_VIDEO_BRAND.test(brand) || brand.length < 4 ? null : 'video/mp4');

/** Matroska and WebM are told apart by the element DocType (0x4282): https://www.rfc-editor.org/rfc/rfc8794#section-11.2.6. */
function ebmlDocType(head: Uint8Array): string | null {
  for (let at = 4; at + 3 < head.length && at < 256; at += 1) {
    if (head[at] !== 0x42 || head[at + 1] !== 0x82) continue;
    const length = head[at + 2]! & 0x7f;
    return ascii(head, at + 3, length).replace(/\0+$/, '');
  }
  return null;
}

const ascii = (bytes: Uint8Array, from: number, length: number): string => String.fromCharCode(...bytes.subarray(from, from + length));
