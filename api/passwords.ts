import { hash, verify, type Options } from '@node-rs/argon2';
import { ApiError } from './errors.ts';

/** OWASP's first choice for Argon2id (the library's default algorithm): 19 MiB, two passes, one lane. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** libuv's pool has four threads, which DNS and files need too. */
const AT_ONCE = 2;
/** At some 30 ms each: nobody waits longer than a few seconds, and a flood fills no memory. */
const MAX_WAITING = 100;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long without a hash as with one: how long a login takes tells nobody whether the e-mail has an account. */
  matches(hashed: string | undefined, password: string): Promise<boolean>;
}

/** Both reject with ApiError unavailable when too many wait already. */
export function createPasswords(): Passwords {
  const inTurn = createTurnstile(AT_ONCE, MAX_WAITING);
  let nobodys: Promise<string> | null = null;
  return {
    hash: (password) => inTurn(() => hash(password, COST)),
    async matches(hashed, password) {
      nobodys ??= hash('nobody has this password', COST);
      const against = hashed ?? (await nobodys);
      return (await inTurn(() => verify(against, password))) && hashed !== undefined;
    },
  };
}

function createTurnstile(atOnce: number, maxWaiting: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) throw new ApiError('unavailable', { detail: 'too many people sign in right now', retryAfterS: 5 });
      // Whoever leaves hands their place on, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
