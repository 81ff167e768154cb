/** Half a surrogate pair: not Unicode text, and PostgreSQL refuses it. */
const LONE_SURROGATE = /\p{Cs}/gu;
/** Letters and marks that show nothing: names and messages that look empty, or like somebody else's. */
const BLANK = /[\u115F\u1160\u2800\u3164\uFFA0]/gu;
const INVISIBLE_MARK = /[\u034F\u17B4\u17B5]/gu;
/** Format characters (bidi overrides among them) and control characters; white space is kept for later. ZWNJ and ZWJ are looked at below. */
const UNSEEN = /(?!\s|\u200C|\u200D|[\u{E0020}-\u{E007F}])[\p{Cc}\p{Cf}]|\uFEFF/gu;
/** Flags of regions are spelt in tags after a black flag; elsewhere tags hide text. */
const LOOSE_TAGS = /(?<!\u{1F3F4}[\u{E0020}-\u{E007F}]{0,8})[\u{E0020}-\u{E007F}]/gu;
/** Scripts that are spelt with joiners. */
const JOINED =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}\\p{scx=Mymr}';
/** A joiner that joins nothing: not inside an emoji, not between letters of such a script. */
const IDLE_JOINER = new RegExp(
  `\\u200D(?<!(?:\\p{ExtPict}|\\p{EMod}|\\uFE0F|[${JOINED}])\\u200D)|\\u200D(?!\\p{ExtPict}|[${JOINED}])|\\u200C(?<![${JOINED}]\\u200C)|\\u200C(?![${JOINED}])`,
  'gu',
);
/** More marks on one letter than any language has: they climb over the lines above. */
const TOWER = /(\p{M}{4})\p{M}+/gu;

/**
 * A message as it is stored: NFC, on one line, without what is not seen. Markup stays: it is text, and whoever shows it escapes it.
 * What comes out changes no more when it goes in again.
 */
export const cleanText = (text: string): string =>
  text
    .replace(LONE_SURROGATE, '')
    .replace(BLANK, ' ')
    .replace(INVISIBLE_MARK, '')
    .replace(UNSEEN, '')
    .replace(LOOSE_TAGS, '')
    .replace(IDLE_JOINER, '')
    .normalize('NFC')
    .replace(TOWER, '$1')
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .trim();

/** Characters as people count them, roughly: code points, as PostgreSQL's char_length does. */
export const codePoints = (text: string): number => [...text].length;

const NAME_MAX = 60;

/** A person's name beside their messages. */
export const chatName = (fullName: string): string => [...cleanText(fullName)].slice(0, NAME_MAX).join('').trim() || 'Somebody';
