/** The parts of a variable that holds several, parted by commas; empty ones are none. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
