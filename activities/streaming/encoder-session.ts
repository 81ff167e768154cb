import type { PublishKind, SessionEnd, SessionEndReason } from '../../domain/contracts/stream.ts';
import type { LiveSession, PublishGrant } from '../../media/live-session.ts';
import type { Stage } from '../../media/stage.ts';

export interface EncoderSessionFacts {
  id: string;
  epoch: number;
  kind: PublishKind;
  grant: PublishGrant;
  stage: Stage;
}

/** A session and what only its book does with it. */
export interface EncoderSession extends LiveSession {
  /** null while it lasts. */
  readonly over: SessionEnd | null;
}

export interface EncoderSessionHooks {
  announced(session: EncoderSession): void;
  /** Called once, in the moment of its end. */
  ended(session: EncoderSession, end: SessionEnd): void;
}

export function createEncoderSession(facts: EncoderSessionFacts, hooks: EncoderSessionHooks): EncoderSession {
  let over: SessionEnd | null = null;
  let announced = false;
  let resolve: (end: SessionEnd) => void = () => undefined;
  const ended = new Promise<SessionEnd>((done) => (resolve = done));
  const session: EncoderSession = {
    ...facts,
    started_at: new Date(),
    ended,
    get over() {
      return over;
    },
    announce() {
      if (!announced && over === null) {
        announced = true;
        hooks.announced(session);
      }
      return Promise.resolve();
    },
    end(reason: SessionEndReason, detail: string | null = null) {
      if (over !== null) return;
      over = { reason, detail, at_ms: Date.now() };
      hooks.ended(session, over);
      resolve(over);
    },
  };
  return session;
}
