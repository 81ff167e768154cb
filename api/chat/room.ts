import type { ChatStanding, ChatStream } from '../../db/chat-room.repository.ts';
import type { ChatRestriction, ChatSettings, RestrictionKind } from '../../domain/contracts/chat.ts';
import { isModerator, mayJoin, type ChatPerson } from '../../domain/streaming/chat-rights.ts';
import { compileWords } from '../../domain/streaming/chat-words.ts';
import type { ChatSocket } from './types.ts';

/** A user in a stream's chat, with all their sockets of this process. */
export class Member {
  readonly user_id: string;
  readonly sockets = new Set<ChatSocket>();
  /** Those of them whose rights are looked at: not in the room yet, and neither heard nor shut out. */
  readonly entering = new Set<ChatSocket>();
  /** null: not read yet. */
  standing: ChatStanding | null = null;
  /** Set by Rooms. */
  refresh: (() => Promise<void>) | null = null;

  constructor(userId: string) {
    this.user_id = userId;
  }

  get person(): ChatPerson {
    return { user_id: this.user_id, role: this.standing?.role ?? null, appointed: this.standing?.appointed ?? false, blocked: this.standing?.blocked ?? false };
  }

  /** What holds right now: one whose time is over holds no more, even while nobody has lifted it. A ban comes before a mute. */
  restriction(nowMs: number, kind?: RestrictionKind): ChatRestriction | null {
    const inForce = this.standing?.restrictions.filter(({ until, kind: its }) => (kind === undefined || its === kind) && (until === null || Date.parse(until) > nowMs)) ?? [];
    return inForce.find(({ kind: its }) => its === 'ban') ?? inForce[0] ?? null;
  }
}

/** A stream's chat, as this process knows it. */
export class Room {
  stream: ChatStream;
  readonly members = new Map<string, Member>();
  /** When who wrote last, for slow mode; milliseconds. Messages of other processes are seen when one is stored. */
  readonly lastSent = new Map<string, number>();
  sockets = 0;
  #settings: ChatSettings;
  #hasBlockedWord: (message: string) => boolean;

  constructor(stream: ChatStream, settings: ChatSettings) {
    this.stream = stream;
    this.#settings = settings;
    this.#hasBlockedWord = compileWords(settings.blocked_words);
  }

  get settings(): ChatSettings {
    return this.#settings;
  }

  set settings(settings: ChatSettings) {
    this.#settings = settings;
    this.#hasBlockedWord = compileWords(settings.blocked_words);
  }

  hasBlockedWord(message: string): boolean {
    return this.#hasBlockedWord(message);
  }

  moderatedBy(member: Member): boolean {
    return isModerator(this.stream, member.person);
  }

  openTo(member: Member, hasToken: boolean): boolean {
    return mayJoin(this.stream, member.person, hasToken);
  }
}
