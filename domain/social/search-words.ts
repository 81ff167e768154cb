/** More words narrow nothing down, and each costs. */
const MOST_WORDS = 8;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/** The words of what somebody typed, in lower case: letters, digits and marks of any script. */
export const wordsOf = (keyword: string): string[] => [...new Set(keyword.toLowerCase().match(WORD) ?? [])].slice(0, MOST_WORDS);

/**
 * Text for PostgreSQL's to_tsquery: every word must be there, or one that begins with it. Words have letters and digits only,
 * so nothing that was typed is read as an operator or ends a quote.
 * @returns null: there is no word to look for
 */
export function prefixQuery(keyword: string): string | null {
  const words = wordsOf(keyword);
  return words.length === 0 ? null : words.map((word) => `'${word}':*`).join(' & ');
}

/** A pattern for `like` that finds what begins with just this text. */
export const likePrefix = (text: string): string => `${text.replace(/[\\%_]/g, '\\$&')}%`;

/** How a hashtag is stored (see hashtagsOf): composed, lower case, without #. */
export const hashtagName = (text: string): string => text.trim().normalize('NFC').replace(/^#+/, '').toLowerCase();
