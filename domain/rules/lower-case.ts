const SLOTS = 16;
const texts: string[] = new Array<string>(SLOTS).fill('');
const lowered: string[] = new Array<string>(SLOTS).fill('');

/**
 * `text.toLowerCase()`, remembered for the last texts: many rules look into the same comment, one after the other,
 * and lower-casing it for each of them costs more than the search.
 */
export function lowerCase(text: string): string {
  const slot = text.length % SLOTS;
  if (texts[slot] === text) return lowered[slot]!;
  const lower = text.toLowerCase();
  texts[slot] = text;
  lowered[slot] = lower;
  return lower;
}
