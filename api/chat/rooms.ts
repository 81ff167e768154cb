import { chatStandings, findChatSettings, findChatStream, lastPositions, type ChatStanding } from '../../db/chat-room.repository.ts';
import type { Db } from '../../db/client.ts';
import type { ChatNotice } from '../../domain/contracts/chat.ts';
import { AppError } from '../../domain/errors.ts';
import { latestRead } from './latest-read.ts';
import { Member, Room } from './room.ts';
import { roomOf, type ChatSocket } from './types.ts';

export interface RoomsOptions {
  db: Db;
  /** What members are told. */
  told: {
    restrictionsChanged(room: Room, member: Member, before: ChatStanding): void;
    /** May not be in the room any more. */
    shutOut(room: Room, socket: ChatSocket, code: 'not_found' | 'chat_banned'): void;
    settings(room: Room): void;
    stream(room: Room): void;
    deleted(streamId: string, messageId: string): void;
    position(streamId: string, position: number): void;
    /** Somebody came or went. */
    presence(streamId: string): void;
  };
  onError: (error: unknown) => void;
  /** Streams change each second while they are watched: their rows are read at most this often, milliseconds. */
  streamEveryMs?: number;
}

interface RoomReads {
  settings(): Promise<void>;
  stream(): Promise<void>;
}

/** Reads after an interruption are made a few at a time. */
const LANES = 4;

/** The chats that sockets of this process are in: their streams, settings and members, kept up to date by notices. */
export class Rooms {
  readonly #rooms = new Map<string, Room>();
  readonly #loading = new Map<string, Promise<Room>>();
  /** Streams that changed while they were read. */
  readonly #changedMeanwhile = new Set<string>();
  readonly #streamsDue = new Map<string, NodeJS.Timeout>();
  readonly #reads = new WeakMap<Room, RoomReads>();
  readonly #options: RoomsOptions;

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  of(streamId: string): Room | undefined {
    return this.#rooms.get(streamId);
  }

  /** The member that a socket is in a room it has joined. */
  memberOf(socket: ChatSocket, streamId: string): { room: Room; member: Member } | undefined {
    const room = this.#rooms.get(streamId);
    const member = room?.members.get(socket.data.user_id);
    return room && member?.sockets.has(socket) && !member.entering.has(socket) ? { room, member } : undefined;
  }

  /**
   * Lets a socket in. It is a member before its rights are read, so that a notice that comes meanwhile is not missed.
   * @param playUntilS end of the play token that lets it in, whoever it is; null: there is none
   * @throws AppError not_found, chat_banned; chat_not_joined where it was shut out or lost meanwhile
   */
  async enter(socket: ChatSocket, streamId: string, playUntilS: number | null): Promise<{ room: Room; member: Member }> {
    const loaded = await this.#load(streamId);
    // Its last member may have left meanwhile, and somebody else have brought it back.
    const room = this.#rooms.get(streamId) ?? loaded;
    this.#rooms.set(streamId, room);
    const member = room.members.get(socket.data.user_id) ?? new Member(socket.data.user_id);
    room.members.set(member.user_id, member);
    if (!member.sockets.has(socket)) {
      room.sockets += 1;
      member.sockets.add(socket);
      member.entering.add(socket);
    }
    try {
      await this.#refresh(room, member);
      if (!socket.connected || !member.sockets.has(socket)) throw new AppError('chat_not_joined');
      if (!room.openTo(member, playUntilS !== null)) throw new AppError('not_found');
      if (member.restriction(Date.now(), 'ban')) throw new AppError('chat_banned');
    } catch (error) {
      this.leave(socket, streamId);
      throw error;
    }
    // In the same breath as the check: what is read from now on finds it in the room, and by what right.
    member.entering.delete(socket);
    socket.data.streams[streamId] = { play_until_s: playUntilS };
    this.#options.told.presence(streamId);
    return { room, member };
  }

  leave(socket: ChatSocket, streamId: string): void {
    const room = this.#rooms.get(streamId);
    const member = room?.members.get(socket.data.user_id);
    if (!room || !member?.sockets.delete(socket)) return;
    room.sockets -= 1;
    member.entering.delete(socket);
    if (member.sockets.size === 0) room.members.delete(member.user_id);
    if (room.members.size === 0) this.#rooms.delete(streamId);
    this.#options.told.presence(streamId);
  }

  /**
   * Has a socket hear nothing more of a chat. What a lost connection held is left together: its recovery brings back Socket.IO's rooms, and is
   * checked by `data.streams`.
   */
  async forget(socket: ChatSocket, streamId: string): Promise<void> {
    this.leave(socket, streamId);
    if (!socket.connected) return;
    delete socket.data.streams[streamId];
    await socket.leave(roomOf(streamId));
  }

  /** Something changed in the tables. */
  async notice(notice: ChatNotice): Promise<void> {
    if (notice.kind === 'deleted') return void (this.#rooms.has(notice.stream_id) && this.#options.told.deleted(notice.stream_id, notice.message_id));
    if (notice.kind === 'settings') return this.#readSettings(notice.stream_id);
    for (const room of this.#rooms.values()) {
      const concerned = room.stream.workspace_id === notice.workspace_id && (notice.kind === 'moderator' || notice.stream_id === null || notice.stream_id === room.stream.id);
      const member = concerned ? room.members.get(notice.user_id) : undefined;
      if (member) await this.#refresh(room, member);
    }
  }

  /** The stream's row changed. */
  streamChanged(streamId: string): void {
    if (this.#loading.has(streamId)) this.#changedMeanwhile.add(streamId);
    if (!this.#rooms.has(streamId) || this.#streamsDue.has(streamId)) return;
    const timer = setTimeout(() => {
      this.#streamsDue.delete(streamId);
      this.#readStream(streamId).catch(this.#options.onError);
    }, this.#options.streamEveryMs ?? 250);
    timer.unref();
    this.#streamsDue.set(streamId, timer);
  }

  /** Notices may have been missed: everything is read again, and members are told how far each chat is. */
  async readAgain(): Promise<void> {
    const rooms = [...this.#rooms.values()];
    const lane = async (): Promise<void> => {
      for (let room = rooms.pop(); room; room = rooms.pop()) {
        await this.#readStream(room.stream.id);
        await this.#readSettings(room.stream.id);
        await this.#refreshAll(room);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await this.tellPositions();
  }

  /** Whoever missed something sees it by the position. */
  async tellPositions(): Promise<void> {
    const positions = await lastPositions(this.#options.db, [...this.#rooms.keys()]);
    for (const [streamId, position] of positions) this.#options.told.position(streamId, position);
  }

  close(): void {
    for (const timer of this.#streamsDue.values()) clearTimeout(timer);
  }

  #load(streamId: string): Promise<Room> {
    const there = this.#rooms.get(streamId);
    if (there) return Promise.resolve(there);
    const loading = this.#loading.get(streamId) ?? this.#read(streamId).finally(() => this.#loading.delete(streamId));
    this.#loading.set(streamId, loading);
    return loading;
  }

  async #read(streamId: string): Promise<Room> {
    let room: Room;
    do {
      this.#changedMeanwhile.delete(streamId);
      const [stream, settings] = await Promise.all([findChatStream(this.#options.db, streamId), findChatSettings(this.#options.db, streamId)]);
      if (!stream) throw new AppError('not_found');
      room = new Room(stream, settings);
    } while (this.#changedMeanwhile.has(streamId));
    this.#rooms.set(streamId, room);
    return room;
  }

  /** Reads a member's rights. */
  #refresh(room: Room, member: Member): Promise<void> {
    member.refresh ??= latestRead(async () => {
      const standings = await chatStandings(this.#options.db, room.stream, [member.user_id]);
      this.#apply(room, member, standings.get(member.user_id)!);
    });
    return member.refresh();
  }

  #readsOf(room: Room): RoomReads {
    const reads = this.#reads.get(room) ?? { settings: latestRead(() => this.#settingsOf(room)), stream: latestRead(() => this.#streamOf(room)) };
    this.#reads.set(room, reads);
    return reads;
  }

  async #refreshAll(room: Room): Promise<void> {
    for (const member of [...room.members.values()]) await this.#refresh(room, member);
  }

  #apply(room: Room, member: Member, standing: ChatStanding): void {
    const before = member.standing;
    member.standing = standing;
    if (!before) return;
    this.#options.told.restrictionsChanged(room, member, before);
    const banned = member.restriction(Date.now(), 'ban') !== null;
    for (const socket of [...member.sockets]) {
      // `enter` looks itself, and knows the play token that the socket came with.
      if (member.entering.has(socket)) continue;
      const played = socket.data.streams[room.stream.id]?.play_until_s ?? null;
      if (banned) this.#options.told.shutOut(room, socket, 'chat_banned');
      else if (!room.openTo(member, played !== null)) this.#options.told.shutOut(room, socket, 'not_found');
    }
  }

  async #readSettings(streamId: string): Promise<void> {
    if (this.#loading.has(streamId)) this.#changedMeanwhile.add(streamId);
    const room = this.#rooms.get(streamId);
    if (room) await this.#readsOf(room).settings();
  }

  async #settingsOf(room: Room): Promise<void> {
    room.settings = await findChatSettings(this.#options.db, room.stream.id);
    this.#options.told.settings(room);
  }

  async #readStream(streamId: string): Promise<void> {
    const room = this.#rooms.get(streamId);
    if (room) await this.#readsOf(room).stream();
  }

  async #streamOf(room: Room): Promise<void> {
    const stream = await findChatStream(this.#options.db, room.stream.id);
    if (!stream) {
      for (const { sockets } of [...room.members.values()]) for (const socket of [...sockets]) this.#options.told.shutOut(room, socket, 'not_found');
      return;
    }
    const before = room.stream;
    room.stream = stream;
    if (before.status !== stream.status || before.viewer_count !== stream.viewer_count) this.#options.told.stream(room);
    if (before.visibility !== stream.visibility) await this.#refreshAll(room);
  }
}
