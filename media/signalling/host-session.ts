import { AppError, type ErrorCode } from '../../domain/errors.ts';
import type { LiveSession, PublishGrant, SessionBook } from '../live-session.ts';
import type { StageProducer } from '../stage.ts';

export interface HostSessionOptions {
  sessions: SessionBook;
  grant: PublishGrant;
  remote_address: string | null;
  user_agent: string | null;
  request_id: string;
  onEnded: (end: { reason: string; detail: string | null }) => void;
}

/** The other kind of media, which a browser makes right after the first, is waited for so long before people are told. */
const OTHER_KIND_MS = 1_500;

/** What a host publishes by signalling: the stream's main picture, where no other encoder has the stream. */
export class HostSession {
  readonly #options: HostSessionOptions;
  #begun: Promise<LiveSession | null> | null = null;
  #session: LiveSession | null = null;
  #announced: NodeJS.Timeout | null = null;
  /** Why it is over: a claim that comes through only then has nobody to publish into it. */
  #over: 'closed' | 'connection_lost' | null = null;

  constructor(options: HostSessionOptions) {
    this.#options = options;
  }

  /** @returns null: another encoder has the stream, so the host is beside it like a guest. @throws AppError stream_over, media_full, media_session_gone */
  begin(): Promise<LiveSession | null> {
    this.#begun ??= this.#begin().catch((error: unknown) => {
      this.#begun = null;
      throw error;
    });
    return this.#begun;
  }

  get session(): LiveSession | null {
    return this.#session;
  }

  /** People hear of the stream once media flows. */
  added({ producer }: StageProducer, onFault: (error: unknown) => void): void {
    const session = this.#session;
    if (!session) return;
    const announce = (): void => void session.announce().catch(onFault);
    producer.once('score', () => {
      if (this.#announced) return;
      this.#announced = setTimeout(announce, OTHER_KIND_MS);
      this.#announced.unref();
    });
  }

  end(reason: 'closed' | 'connection_lost'): void {
    this.#over ??= reason;
    this.#session?.end(reason);
  }

  async #begin(): Promise<LiveSession | null> {
    const { sessions, onEnded, ...request } = this.#options;
    try {
      const session = await sessions.begin({ ...request, kind: 'stage' });
      if (this.#over) {
        session.end(this.#over);
        throw new AppError('media_session_gone');
      }
      this.#session = session;
      void session.ended.then((end) => {
        if (this.#announced) clearTimeout(this.#announced);
        this.#announced = null;
        this.#session = null;
        this.#begun = null;
        onEnded(end);
      });
      return session;
    } catch (error) {
      const busy: ErrorCode = 'stream_busy';
      if (error instanceof AppError && error.code === busy) {
        this.#begun = null;
        return null;
      }
      throw error;
    }
  }
}
