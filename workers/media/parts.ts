import type { Hono } from 'hono';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { MediaGate, SessionBook } from '../../media/live-session.ts';
import type { StagePool } from '../../media/stage.ts';
import type { MediaStorage } from '../../media/storage.ts';
import type { WorkerContext } from '../context.ts';

/** This host as others see it. */
export interface MediaHost {
  id: string;
  /** Task queue of what only this host can do. */
  task_queue: string;
  /** Without a slash at the end. */
  public_url: string;
  /** Where encoders publish by RTMP; null: they can not. */
  rtmp_url: string | null;
  /** What works here: whip, rtmp, hls, recording. */
  features: readonly ('whip' | 'rtmp' | 'hls' | 'recording')[];
  /** Folder for what is being recorded. */
  folder: string;
}

/** What all parts of the role media share. */
export interface MediaContext {
  context: WorkerContext;
  log: Logger;
  host: MediaHost;
  /** null: no mediasoup worker on this machine (npm run setup:media). */
  stages: StagePool | null;
  gate: MediaGate;
  sessions: SessionBook;
  /** Who counts viewers that are no WebRTC ones adds itself: gives how many watch a stream here. */
  audiences: Set<(streamId: string) => number>;
  storage: MediaStorage;
  /** WHIP, WHEP and HLS are routes of this; it listens on MEDIA_PORT. */
  http: Hono;
  /** For Socket.IO; null: nothing listens (no mediasoup, no ffmpeg). */
  server: Server | null;
}

/** One part: its activities, and what it does beside. */
export interface MediaPart {
  /** On the role's task queue. */
  activities?: object;
  /** On this host's task queue. */
  hostActivities?: object;
  /** On the role's task queue for what takes long. */
  longActivities?: object;
  /** Once the workers poll and the port is open. */
  started?: () => Promise<void>;
  /** Sessions end first, then parts in reverse. */
  close?: () => Promise<void>;
}

