import type {
  LiveClient,
  LiveConnection,
  LiveFrame,
  OpenRequest,
  SignBudget,
  SignObservation,
} from '../../domain/contracts/live-connection.ts';
import type { WireEvent } from '../../domain/contracts/live-event.ts';
import { createLiveClient, type LiveClientOptions } from '../../tiktok/live/index.ts';
import type { SandboxControl } from './sandbox-client.ts';

export const NEVER = new AbortController().signal;
export const LIVESTREAM = '0192f000-0000-7000-8000-000000000001';

export interface TestClient extends LiveClient {
  acquired: string[];
  reports: SignObservation[];
  /** Everything that was logged, as text. */
  logged: string[];
}

/** A client of the sandbox whose sign budget never says no, and remembers. */
export function testClient(url: string, options: Partial<LiveClientOptions> = {}): TestClient {
  const acquired: string[] = [];
  const reports: SignObservation[] = [];
  const logged: string[] = [];
  const signBudget: SignBudget = {
    acquire: async (livestreamId) => void acquired.push(livestreamId),
    report: async (observation) => void reports.push(observation),
  };
  const log = (fields: object, message: string): void => void logged.push(describeAll(fields, message));
  const client = createLiveClient({
    urls: { web: url, webcast: url, sign: url },
    signBudget,
    timeouts: { http: 2_000, sign: 2_000, handshake: 2_000, close: 300 },
    logger: { debug: log, warn: log },
    ...options,
  });
  return { ...client, acquired, reports, logged };
}

/** All that an error or a record could show to anybody. */
export function describeAll(...values: unknown[]): string {
  return values
    .map((value) => {
      if (!(value instanceof Error))
        return JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Error ? describeAll(inner) : inner));
      return [
        value.name,
        value.message,
        value.stack,
        JSON.stringify(value),
        value.cause === undefined ? '' : describeAll(value.cause),
      ].join('\n');
    })
    .join('\n');
}

export interface Listening {
  connection: LiveConnection;
  frames: LiveFrame[];
  events(): WireEvent[];
  comments(): string[];
}

/** Opens a sandbox room and keeps what comes. */
export async function listen(
  client: LiveClient,
  control: SandboxControl,
  room: string,
  given: Partial<OpenRequest> = {},
): Promise<Listening> {
  const frames: LiveFrame[] = [];
  const connection = await client.open({
    livestream_id: LIVESTREAM,
    room_id: (await control.state(room)).room_id,
    username: room,
    cursor: null,
    session_cookie: null,
    onFrame: (frame) => void frames.push(frame),
    signal: NEVER,
    ...given,
  });
  const events = (): WireEvent[] => frames.flatMap((frame) => frame.events);
  return { connection, frames, events, comments: () => events().flatMap(({ fields }) => ('comment' in fields ? [fields.comment] : [])) };
}
