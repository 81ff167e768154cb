import { AppError } from '../../domain/errors.ts';
import type { SessionBook } from '../live-session.ts';
import type { Stage, StagePool } from '../stage.ts';
import { StageRoom } from './stage-room.ts';

/** The rooms of all streams that are signalled about on this host. */
export class Rooms {
  readonly #stages: StagePool;
  readonly #sessions: SessionBook;
  readonly #rooms = new Map<string, StageRoom>();
  /** Opened here for a host, and not published into yet: from then on the session book keeps it for its encoder to come back. */
  readonly #opened = new Set<Stage>();
  readonly #stopListening: () => void;

  constructor({ stages, sessions }: { stages: StagePool; sessions: SessionBook }) {
    this.#stages = stages;
    this.#sessions = sessions;
    this.#stopListening = sessions.onAnnounced(({ stage }) => void this.#opened.delete(stage));
  }

  find(streamId: string): StageRoom | null {
    return this.#rooms.get(streamId) ?? null;
  }

  /** `open`: a host may come before anything is published. @throws AppError stream_not_live, media_worker_died */
  async enter(streamId: string, open: boolean): Promise<StageRoom> {
    const stage = this.#stages.find(streamId) ?? (open ? await this.#open(streamId) : null);
    if (!stage) throw new AppError('stream_not_live');
    const held = this.#rooms.get(streamId);
    if (held?.stage === stage) return held;
    held?.close();
    const room = new StageRoom(stage, () => this.#forget(room));
    this.#rooms.set(streamId, room);
    return room;
  }

  /** An empty room goes; so does its stage, where it was opened for a host who never published. */
  tidy(room: StageRoom): void {
    if (!room.empty || this.#rooms.get(room.stage.stream_id) !== room) return;
    const { stage } = room;
    const ours = this.#opened.has(stage) && this.#sessions.ofStream(stage.stream_id) === null;
    this.#forget(room);
    if (ours) this.#stages.close(stage.stream_id);
  }

  close(): void {
    this.#stopListening();
    for (const room of this.#rooms.values()) room.close();
    this.#rooms.clear();
  }

  async #open(streamId: string): Promise<Stage> {
    const stage = await this.#stages.open(streamId);
    this.#opened.add(stage);
    return stage;
  }

  #forget(room: StageRoom): void {
    room.close();
    this.#opened.delete(room.stage);
    if (this.#rooms.get(room.stage.stream_id) === room) this.#rooms.delete(room.stage.stream_id);
  }
}
