const TOKEN = /\p{ExtPict}|[\p{L}\p{N}]+/gu;

/** Figures and signs for letters; 1 and ! stand for i or for l. */
const LEET: Readonly<Record<string, string>> = { '0': 'o', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', $: 's', '€': 'e' };
const READINGS: readonly Readonly<Record<string, string>>[] = [{}, { ...LEET, '1': 'i', '!': 'i', '|': 'i' }, { ...LEET, '1': 'l', '!': 'l', '|': 'l' }];

const fold = (text: string): string => text.normalize('NFKD').replace(/[\p{M}\p{Cf}]/gu, '').toLowerCase().replaceAll('ß', 'ss');

/** The words of a text, each between blanks, so that whole words (and phrases) are found by one search. */
const words = (folded: string): string => ` ${(folded.match(TOKEN) ?? []).join(' ')} `;

const read = (folded: string, reading: Readonly<Record<string, string>>): string => words(folded.replace(/[0-9@$€]|[!|](?=[\p{L}\p{N}])/gu, (sign) => reading[sign] ?? sign));

/** Whether a list may have this word: something of it must be a letter, a figure or an emoji. */
export const isBlockable = (word: string): boolean => words(fold(word)).trim() !== '';

/**
 * Looks for words of a list: whole ones, in any case, with or without accents, and with figures for letters. Phrases are found
 * word by word. Languages that write without blanks have no whole words: there a word is found only where it stands alone.
 */
export function compileWords(list: readonly string[]): (message: string) => boolean {
  const wanted = READINGS.map((reading) => [...new Set(list.map((word) => read(fold(word), reading)).filter((word) => word.trim() !== ''))]);
  if (wanted[0]?.length === 0) return () => false;
  return (message) => {
    const folded = fold(message);
    return READINGS.some((reading, index) => {
      const text = read(folded, reading);
      return wanted[index]!.some((word) => text.includes(word));
    });
  };
}
