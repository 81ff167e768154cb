import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { createFaultBook, type FaultBook } from '../fault-book.ts';
import { BoundedMap, pushBounded } from '../open-api/state/bounded-map.ts';
import type { FcmMessage } from './message.ts';
import type { FaultInput } from './faults.ts';

/** What FCM knows of a token, where it is not simply good. */
export type TokenState = 'unregistered' | 'invalid' | 'mismatch';

export interface TakenMessage {
  /** As FCM names it: projects/<id>/messages/<n>. */
  name: string;
  project: string;
  message: FcmMessage;
  received_at_ms: number;
}

export interface FcmWorld {
  /** The service account whose assertions are believed: what Google's console gives as a JSON file. */
  account: { client_email: string; private_key_id: string; private_key: string; key: KeyObject };
  /** Access tokens, and until when each is good; epoch milliseconds. */
  tokens: Map<string, number>;
  mint(): { access_token: string; expires_in: number };
  devices: Map<string, TokenState>;
  taken: TakenMessage[];
  take(project: string, message: FcmMessage): string;
  faults: FaultBook<FaultInput, { token: string | null }>;
  /** Calls to messages:send, those that failed among them. */
  calls: number;
  /** Access tokens that were given out. */
  minted: number;
  reset(): void;
}

const TOKEN_S = 3_600;
const MAX_KEPT = 10_000;

export function createFcmWorld(): FcmWorld {
  const account = createAccount();
  const world: FcmWorld = {
    get account() {
      return account();
    },
    tokens: new BoundedMap(MAX_KEPT),
    mint() {
      const access_token = `ya29.${randomBytes(48).toString('base64url')}`;
      world.tokens.set(access_token, Date.now() + TOKEN_S * 1_000);
      world.minted += 1;
      return { access_token, expires_in: TOKEN_S };
    },
    devices: new BoundedMap(MAX_KEPT),
    taken: [],
    take(project, message) {
      const name = `projects/${project}/messages/${randomUUID()}`;
      pushBounded(world.taken, { name, project, message, received_at_ms: Date.now() }, MAX_KEPT);
      return name;
    },
    faults: createFaultBook((fault, { token }) => fault.device_token === undefined || fault.device_token === token),
    calls: 0,
    minted: 0,
    reset() {
      world.tokens.clear();
      world.devices.clear();
      world.taken.length = 0;
      world.faults.reset();
      world.calls = 0;
      world.minted = 0;
    },
  };
  return world;
}

/** Made when it is first asked for: a key takes time. */
function createAccount(): () => FcmWorld['account'] {
  let made: FcmWorld['account'] | null = null;
  return () => {
    if (made) return made;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    made = {
      client_email: 'push@showrunner-sandbox.iam.gserviceaccount.com',
      private_key_id: randomBytes(20).toString('hex'),
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      key: createPublicKey(privateKey),
    };
    return made;
  };
}
