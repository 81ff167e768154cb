import {
  condition,
  continueAsNew,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  DEFAULT_PUBLISH_TIMINGS,
  FINAL_POST_STATES,
  type PostEdit,
  type PostFault,
  type PostState,
  type PostUpdateAnswer,
  type PublishCarried,
  type PublishStep,
  type PublishTimings,
  type PublishVideoInput,
} from '../../domain/contracts/post.ts';
import { ERRORS, type ErrorCode } from '../../domain/errors.ts';
import type { publishVideo } from '../publish-video.ts';
import { publishActivities } from './activities.ts';

/** The step to go on with; null: the workflow is done. */
export type NextStep = PublishStep | null;

const NEW_LIFE: PublishCarried = {
  run: 0,
  step: 'wait',
  polls: 0,
  dead_inits: 0,
  lost_inits: 0,
  turns: 0,
  chunk_count: 0,
  next_chunk: 0,
  chunks_sent: 0,
  since_ms: 0,
  cancel_sent: false,
  state: 'scheduled',
  reason: null,
};

/** What `publishVideo` knows and what its steps have in common: waiting, being edited and cancelled, ending. */
export class PostLife {
  readonly timings: PublishTimings;
  readonly activities: ReturnType<typeof publishActivities>;
  readonly ref: { post_id: string; social_account_id: string; workspace_id: string; run: number };
  readonly now: PublishCarried;
  publishAtMs: number | null;
  /** Grows with each edit that was written: what was checked before is checked again. */
  edits = 0;
  /** From the moment init is called until it is known to have come to nothing. */
  initSent: boolean;
  /** Ends a chunk on its way at once, where nothing can become of what was sent. */
  interrupt: (() => void) | null = null;
  readonly #input: PublishVideoInput;
  #editing = 0;
  #begun: boolean;
  #woken = false;
  /** Search attributes cost history. */
  #shown: PostState | null = null;
  #cancel: { answer: PostUpdateAnswer | null } | null = null;

  constructor(input: PublishVideoInput) {
    this.#input = input;
    this.timings = { ...DEFAULT_PUBLISH_TIMINGS, ...input.timings };
    this.activities = publishActivities(this.timings);
    this.now = { ...NEW_LIFE, ...input.carried };
    this.ref = { post_id: input.post_id, social_account_id: input.social_account_id, workspace_id: input.workspace_id, run: this.now.run };
    this.publishAtMs = input.publish_at_ms;
    this.initSent = this.now.step !== 'wait' && this.now.step !== 'init';
    this.#begun = input.carried !== undefined;
  }

  /** Takes the post up where its row stands. @returns whether there is anything to do */
  async begin(): Promise<boolean> {
    if (this.#begun) return true;
    const begun = await this.activities.beginPost(this.ref);
    if (begun.kind === 'ended') {
      this.show(begun.state, begun.reason);
      return false;
    }
    const { run, step, state, publish_at_ms, chunk_count, next_chunk } = begun;
    this.ref.run = run;
    this.publishAtMs = publish_at_ms;
    this.initSent = step !== 'wait';
    // Turns of an earlier workflow of this post are not taken for ours.
    Object.assign(this.now, { run, step, chunk_count, next_chunk, since_ms: Date.now(), turns: Date.now() });
    this.show(state, null);
    this.#begun = true;
    return true;
  }

  goTo(step: PublishStep): void {
    if (step !== this.now.step) Object.assign(this.now, { step, polls: 0, since_ms: Date.now() });
  }

  get isFinal(): boolean {
    return FINAL_POST_STATES.includes(this.now.state);
  }

  /** Handler of the update `edit`. */
  async edit(edit: PostEdit): Promise<PostUpdateAnswer> {
    await condition(() => this.#begun || this.isFinal);
    if (this.initSent || this.isFinal || this.#cancel) return refusal('post_not_editable');
    this.#editing += 1;
    try {
      const { answer, publish_at_ms } = await this.activities.editPost(this.ref, edit);
      if (answer.ok) {
        this.publishAtMs = publish_at_ms;
        this.edits += 1;
        this.wake();
      }
      return answer;
    } finally {
      this.#editing -= 1;
    }
  }

  /** Handler of the update `cancel`: all that ask meanwhile get the same answer. */
  async cancel(): Promise<PostUpdateAnswer> {
    if (this.isFinal) return this.now.state === 'cancelled' ? { ok: true } : refusal('post_not_cancellable', `The post is ${this.now.state} already.`);
    const asked = (this.#cancel ??= { answer: null });
    this.wake();
    this.interrupt?.();
    await condition(() => asked.answer !== null);
    return asked.answer!;
  }

  get cancelAsked(): boolean {
    return this.#cancel !== null;
  }

  answerCancel(answer: PostUpdateAnswer): void {
    if (this.#cancel) this.#cancel.answer = answer;
    this.#cancel = null;
  }

  wake(): void {
    this.#woken = true;
  }

  /** Waits, unless something happens, or has happened since the last wait, that asks for another look. */
  async pause(ms: number): Promise<void> {
    await condition(() => this.#woken, Math.max(1, Math.ceil(ms)));
    this.#woken = false;
  }

  /** An edit on its way is written or refused first: what is sent is what was checked. */
  async editsDone(): Promise<void> {
    await condition(() => this.#editing === 0);
  }

  /** The next wait between two looks: twice as long each time. */
  backoff(initialMs: number, maxMs: number): number {
    return Math.min(initialMs * 2 ** Math.min(this.now.polls++, 20), maxMs);
  }

  get elapsedMs(): number {
    return Date.now() - this.now.since_ms;
  }

  show(state: PostState, reason: string | null): void {
    Object.assign(this.now, { state, reason });
    setCurrentDetails(reason ? `**${state}**: ${reason}` : `**${state}**`);
    if (state === this.#shown) return;
    this.#shown = state;
    upsertSearchAttributes({ PostState: [state], WorkspaceId: [this.ref.workspace_id], SocialAccountId: [this.ref.social_account_id] });
  }

  async end(state: 'failed' | 'cancelled', fault: PostFault | null): Promise<null> {
    await this.activities.setPostState(this.ref, { state, code: fault?.code ?? null, reason: fault?.reason ?? null });
    this.show(state, fault?.reason ?? null);
    this.answerCancel(state === 'cancelled' ? { ok: true } : refusal('post_not_cancellable', `The post has failed: ${this.now.reason}`));
    return null;
  }

  /** The init came to nothing and no post can come of it: begun anew, unless that has happened too often. */
  async initDied(fault: PostFault): Promise<NextStep> {
    await this.activities.abandonInit(this.ref, fault.reason);
    this.now.dead_inits += 1;
    this.now.turns += 1;
    this.initSent = false;
    if (this.now.dead_inits >= this.timings.max_inits) {
      return this.end('failed', { code: fault.code, reason: `${fault.reason} That happened ${this.now.dead_inits} times: try again later.` });
    }
    return 'init';
  }

  /** Where the history has grown long, a new one is begun; not while somebody waits for an answer. */
  async rest(): Promise<void> {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    if (historyLength <= this.timings.max_history && !continueAsNewSuggested) return;
    await this.editsDone();
    if (this.#cancel) return;
    await continueAsNew<typeof publishVideo>({ ...this.#input, publish_at_ms: this.publishAtMs, carried: { ...this.now } });
  }
}

export const refusal = (code: ErrorCode, reason?: string): PostUpdateAnswer => ({ ok: false, code, reason: reason ?? ERRORS[code].message });
