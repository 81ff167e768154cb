export interface Viewers {
  /** Distinct users. */
  viewers: number;
  sockets: number;
}

/** Who of a stream's chat is in this process. */
export type LocalViewers = (streamId: string) => { users: ReadonlySet<string> | ReadonlyMap<string, unknown>; sockets: number };

/** Counts over all API processes. */
export interface PresenceCount {
  count(streamId: string): Promise<Viewers>;
  /** Of this process; what is gone counts no more. */
  close(): Promise<void>;
}

export interface PresenceOptions {
  local: LocalViewers;
  /** Absent: this process is the only one. */
  shared: PresenceCount | null;
  /** Tells the sockets of this process; `here`: the change was found here, so the others are to be told, too. */
  tell: (streamId: string, viewers: Viewers, here: boolean) => void;
  onError: (error: unknown) => void;
  /** Changes of one stream are gathered for so long, milliseconds. */
  debounceMs?: number;
  /** How often every stream is counted again, whatever was heard, milliseconds. */
  recountMs?: number;
}

export interface Presence {
  /** Somebody came or went. */
  changed(streamId: string): void;
  /** Another process counted. */
  heard(streamId: string, viewers: Viewers): void;
  count(streamId: string): Promise<Viewers>;
  close(): Promise<void>;
}

/** Says how many are there when that changes, at most once in `debounceMs` for each stream; recounting finds processes that died. */
export function createPresence({ local, shared, tell, onError, debounceMs = 500, recountMs = 15_000 }: PresenceOptions): Presence {
  const due = new Map<string, NodeJS.Timeout>();
  const told = new Map<string, Viewers>();
  let closed = false;

  const here = (streamId: string): Viewers => {
    const { users, sockets } = local(streamId);
    return { viewers: users.size, sockets };
  };
  const count = async (streamId: string): Promise<Viewers> => {
    if (!shared) return here(streamId);
    try {
      return await shared.count(streamId);
    } catch (error) {
      onError(error);
      return here(streamId);
    }
  };
  const look = async (streamId: string): Promise<void> => {
    const viewers = await count(streamId);
    if (closed) return;
    const before = told.get(streamId);
    if (here(streamId).sockets === 0) told.delete(streamId);
    else told.set(streamId, viewers);
    if (before?.viewers !== viewers.viewers || before.sockets !== viewers.sockets) tell(streamId, viewers, true);
  };
  const recount = setInterval(() => {
    for (const streamId of told.keys()) void look(streamId);
  }, recountMs);
  recount.unref();

  return {
    changed(streamId) {
      if (closed || due.has(streamId)) return;
      const timer = setTimeout(() => {
        due.delete(streamId);
        void look(streamId);
      }, debounceMs);
      timer.unref();
      due.set(streamId, timer);
    },
    heard(streamId, viewers) {
      if (here(streamId).sockets === 0) return;
      told.set(streamId, viewers);
      tell(streamId, viewers, false);
    },
    count,
    async close() {
      closed = true;
      clearInterval(recount);
      for (const timer of due.values()) clearTimeout(timer);
      await shared?.close().catch(onError);
    },
  };
}
