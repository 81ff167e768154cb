import type { Logger } from 'pino';
import { deleteMessage, findMessage } from '../../db/chat-message.repository.ts';
import { appoint, dismiss, type ChatModerator } from '../../db/chat-moderator.repository.ts';
import { lift, noteTimer, restrict } from '../../db/chat-restriction.repository.ts';
import { changeChatSettings, chatStandings, findChatStream, type ChatStream } from '../../db/chat-room.repository.ts';
import { findUserName } from '../../db/stream-access.repository.ts';
import type { Db } from '../../db/client.ts';
import type { ChatRestriction, ChatSettings, RestrictionKind } from '../../domain/contracts/chat.ts';
import { AppError } from '../../domain/errors.ts';
import { isModerator, whyNotRestrict, type ChatPerson } from '../../domain/streaming/chat-rights.ts';
import type { StreamingGateway } from '../temporal-streaming.ts';

export interface RestrictionOrder {
  user_id: string;
  kind: RestrictionKind;
  /** null: for good. */
  seconds: number | null;
  reason?: string | null;
  scope?: 'stream' | 'workspace';
}

/** What moderators do, from sockets and from HTTP. Rights are read from the tables each time; who is concerned hears by NOTIFY, in every process. */
export interface ChatModeration {
  /** Own messages, and any for a moderator. @throws AppError not_found, forbidden */
  deleteMessage(actorId: string, streamId: string, messageId: string): Promise<void>;
  /** Holds at once; its timer is started beside. @throws AppError not_found, forbidden */
  restrict(actorId: string, streamId: string, order: RestrictionOrder): Promise<ChatRestriction>;
  /** @throws AppError not_found where nothing was in force, forbidden */
  lift(actorId: string, streamId: string, which: { restriction_id: string } | { user_id: string; kind: RestrictionKind }): Promise<void>;
  changeSettings(actorId: string, streamId: string, change: Partial<ChatSettings>): Promise<ChatSettings>;
  appoint(actorId: string, streamId: string, userId: string): Promise<ChatModerator>;
  dismiss(actorId: string, streamId: string, userId: string): Promise<void>;
}

export interface ChatModerationOptions {
  db: Db;
  temporal: { streaming: Pick<StreamingGateway, 'restrictChat' | 'restrictionChanged'> };
  logger: Pick<Logger, 'warn'>;
}

export function createChatModeration({ db, temporal, logger }: ChatModerationOptions): ChatModeration {
  const personsOf = async (stream: ChatStream, ...userIds: string[]): Promise<ChatPerson[]> => {
    const standings = await chatStandings(db, stream, userIds);
    return userIds.map((user_id) => ({ user_id, ...standings.get(user_id)! }));
  };
  const streamOf = async (streamId: string): Promise<ChatStream> => {
    const stream = await findChatStream(db, streamId);
    if (!stream) throw new AppError('not_found');
    return stream;
  };
  const moderated = async (actorId: string, streamId: string): Promise<ChatStream> => {
    const stream = await streamOf(streamId);
    const [actor] = await personsOf(stream, actorId);
    if (!isModerator(stream, actor!)) throw new AppError('forbidden', 'moderators of this chat alone may do this');
    return stream;
  };

  /** The restriction holds by its row already; where Temporal is away the sweep starts the timer. */
  const startTimer = async ({ id, workspace_id, until }: ChatRestriction): Promise<void> => {
    try {
      if (until !== null) await temporal.streaming.restrictChat({ restriction_id: id, workspace_id, until_ms: Date.parse(until) });
      // One that was there before has slept until its old time.
      await temporal.streaming.restrictionChanged(id);
      if (until !== null) await noteTimer(db, id);
    } catch (error) {
      logger.warn({ err: error, restriction_id: id }, 'the timer of a chat restriction could not be started; the sweep starts it');
    }
  };

  return {
    async deleteMessage(actorId, streamId, messageId) {
      const message = await findMessage(db, streamId, messageId);
      if (!message) throw new AppError('not_found');
      if (message.user_id !== actorId) await moderated(actorId, streamId);
      await deleteMessage(db, streamId, messageId, actorId);
    },

    async restrict(actorId, streamId, { user_id, kind, seconds, reason = null, scope = 'stream' }) {
      const stream = await streamOf(streamId);
      const [actor, target] = await personsOf(stream, actorId, user_id);
      const why = whyNotRestrict(stream, actor!, target!);
      if (why !== null) throw new AppError('forbidden', why);
      if (!(await findUserName(db, user_id))) throw new AppError('not_found', 'no such user');
      const restriction = await restrict(db, { workspace_id: stream.workspace_id, stream_id: scope === 'stream' ? stream.id : null, user_id, kind, reason, seconds, created_by: actorId });
      void startTimer(restriction);
      return restriction;
    },

    async lift(actorId, streamId, which) {
      const { id, workspace_id } = await moderated(actorId, streamId);
      const reach = { workspaceId: workspace_id, streamId: id };
      const lifted = await lift(db, 'restriction_id' in which ? { ...reach, restrictionId: which.restriction_id } : { ...reach, userId: which.user_id, kind: which.kind }, actorId);
      if (lifted.length === 0) throw new AppError('not_found', 'no such restriction');
      for (const restriction of lifted) if (restriction.until !== null) void wakeTimer(restriction.id);
    },

    async changeSettings(actorId, streamId, change) {
      return changeChatSettings(db, (await moderated(actorId, streamId)).id, change);
    },

    async appoint(actorId, streamId, userId) {
      const { workspace_id } = await moderated(actorId, streamId);
      const moderator = await appoint(db, { workspaceId: workspace_id, userId, addedBy: actorId });
      if (!moderator) throw new AppError('not_found', 'no such user');
      return moderator;
    },

    async dismiss(actorId, streamId, userId) {
      const { workspace_id } = await moderated(actorId, streamId);
      if (!(await dismiss(db, workspace_id, userId))) throw new AppError('not_found', 'no such moderator');
    },
  };

  /** Only tidies up: a timer that is not woken finds at its time that there is nothing to lift. */
  async function wakeTimer(restrictionId: string): Promise<void> {
    try {
      await temporal.streaming.restrictionChanged(restrictionId);
    } catch (error) {
      logger.warn({ err: error, restriction_id: restrictionId }, 'the timer of a lifted chat restriction was not told');
    }
  }
}
