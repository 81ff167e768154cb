/** As the table checks it. */
export const USERNAME = /^[a-z0-9._]{2,30}$/;
export const USERNAME_MAX = 30;

/**
 * A username out of what a provider or a person calls somebody: lower case, accents off, everything else dropped.
 * Applied to what it made, it changes nothing.
 * @param wishes the first that leaves two characters is taken
 */
export function usernameOf(...wishes: readonly (string | null | undefined)[]): string {
  return wishes.map((wish) => plain(wish ?? '')).find((name) => USERNAME.test(name)) ?? 'user';
}

const plain = (wish: string): string =>
  wish
    .trim()
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\s+/g, '_')
    .replace(/[^a-z0-9._]/g, '')
    .slice(0, USERNAME_MAX);

/** The n-th name to try where those before are taken: name, name2, name3 … Always a username. @param n from 1 */
export function usernameVariant(name: string, n: number): string {
  if (n === 1) return name;
  const tail = String(n);
  return name.slice(0, USERNAME_MAX - tail.length) + tail;
}
