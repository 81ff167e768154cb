import type { TikTokInput } from './contracts/livestream.ts';

export type ParsedTikTokInput = { ok: true; input: TikTokInput } | { ok: false; code: 'invalid_tiktok_input' };

const MAX_LENGTH = 2_048;
const MAX_INT64 = 9_223_372_036_854_775_807n;

// TikTok's rule: 2 to 24 letters, digits, underscores and dots, the last one not a dot.
const NAME = '[a-z0-9._]{1,23}[a-z0-9_]';
// Whole addresses are matched, never taken apart: there is no room for a port, user info or another host.
const USERNAME = new RegExp(`^@?(${NAME})$`, 'i');
const PROFILE = new RegExp(`^(?:https://)?(?:www\\.|m\\.)?tiktok\\.com/@(${NAME})(?:/live)?/?(?:\\?[^\\s#]*)?$`, 'i');
const SHORT_LINK = /^(?:https:\/\/)?(vm|vt)\.tiktok\.com\/([a-z0-9_-]{1,64})\/?(?:\?[^\s#]*)?$/i;
const NINETEEN_DIGITS = /^\d{19}$/;
const BARE_HOST = /^(?:[a-z0-9-]+\.)*tiktok\.com$/i;

/**
 * What a person typed to name a LIVE: @name, name, a 19-digit room id, a profile or LIVE address on tiktok.com
 * (with or without www., m., https:// and query) or a short link of vm. or vt.tiktok.com.
 * @returns usernames in lower case, short links as https://vm.tiktok.com/<code>
 */
export function parseTikTokInput(text: string): ParsedTikTokInput {
  const given = text.length <= MAX_LENGTH ? text.trim() : '';
  if (NINETEEN_DIGITS.test(given)) return roomId(given);

  const shortLink = SHORT_LINK.exec(given);
  if (shortLink)
    return { ok: true, input: { kind: 'short_link', url: `https://${shortLink[1]!.toLowerCase()}.tiktok.com/${shortLink[2]}` } };

  const name = (BARE_HOST.test(given) ? null : USERNAME.exec(given)) ?? PROFILE.exec(given);
  return name ? { ok: true, input: { kind: 'username', username: name[1]!.toLowerCase() } } : refused();
}

/** Room ids are positive 64-bit numbers; the wire can't carry others. */
function roomId(digits: string): ParsedTikTokInput {
  return !digits.startsWith('0') && BigInt(digits) <= MAX_INT64 ? { ok: true, input: { kind: 'room_id', room_id: digits } } : refused();
}

const refused = (): ParsedTikTokInput => ({ ok: false, code: 'invalid_tiktok_input' });
