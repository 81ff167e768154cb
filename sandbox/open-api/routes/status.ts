import { Hono } from 'hono';
import { z } from 'zod';
import type { Post } from '../state/posts.ts';
import { ApiFault } from '../wire/answers.ts';
import { apiEndpoint, type Call } from '../wire/api-endpoint.ts';
import type { Json } from '../wire/json.ts';
import type { Env } from '../wire/serve.ts';
import type { World } from '../world.ts';

const bodySchema = z.object({ publish_id: z.string().min(1).max(64) });

/** What became of a post, and calling it off. */
export function statusRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const limits = () => world.settings.current.limits;
  const scopes = ['video.publish', 'video.upload'] as const;

  apiEndpoint(
    app,
    world,
    { method: 'POST', path: '/v2/post/publish/status/fetch/', scopes, limit: () => ({ counter: 'status', perMinute: limits().status }) },
    (call) => {
      const post = postOf(world, call);
      if (call.now - post.created_ms < world.settings.current.timings.publish_id_hidden_ms) throw unknownId();
      return statusOf(post);
    },
  );
  apiEndpoint(
    app,
    world,
    { method: 'POST', path: '/v2/post/publish/cancel/', scopes, limit: () => ({ counter: 'cancel', perMinute: limits().cancel }) },
    (call) => {
      const post = postOf(world, call);
      if (!isCancellable(world, post)) throw new ApiFault(400, 'publish_not_cancellable', 'The publish task can not be cancelled any more.');
      world.life.fail(post, 'publish_cancelled');
      return null;
    },
  );
  return app;
}

const unknownId = (): ApiFault => new ApiFault(400, 'invalid_publish_id', 'The publish_id does not exist.');

function postOf(world: World, call: Call): Post {
  const post = world.posts.byId(call.body(bodySchema).publish_id);
  if (!post) throw unknownId();
  if (post.account !== call.account) {
    throw new ApiFault(400, 'token_not_authorized_for_specified_publish_id', 'The access token is not authorized for this publish_id.');
  }
  return post;
}

/** Empty fields are left out, and ids are numbers with 19 digits: both as the real servers do. */
function statusOf({ status, fail_reason, post_ids, upload, downloaded_bytes }: Post): Json {
  return {
    fail_reason: fail_reason ?? undefined,
    publicaly_available_post_id: post_ids.length > 0 ? post_ids.map(BigInt) : undefined,
    status,
    uploaded_bytes: upload && upload.uploaded > 0 ? upload.uploaded : undefined,
    downloaded_bytes: downloaded_bytes > 0 ? downloaded_bytes : undefined,
  };
}

/** While bytes are still coming in; afterwards it is too late. */
function isCancellable(world: World, { status, upload, stop }: Post): boolean {
  if (status === 'PROCESSING_DOWNLOAD') return stop !== null;
  return status === 'PROCESSING_UPLOAD' && upload !== null && upload.uploaded < upload.size && world.settings.current.behaviour.cancel_file_upload;
}
