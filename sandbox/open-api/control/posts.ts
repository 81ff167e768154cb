import type { Context } from 'hono';
import { Hono } from 'hono';
import { bodyOf, ControlError } from '../../routes/control-input.ts';
import type { Post } from '../state/posts.ts';
import type { Video } from '../state/videos.ts';
import type { World } from '../world.ts';
import { accountNamed } from './accounts.ts';
import { failSchema, newVideoSchema, postDraftSchema, statsSchema } from './schemas.ts';
import { postState, videoState } from './views.ts';

/** Inits and what became of them; the posts that really exist. */
export function postControl(world: World): Hono {
  const app = new Hono();
  const post = (c: Context): Post => {
    const found = world.posts.byId(c.req.param('publish_id') ?? '');
    if (!found) throw new ControlError(404, `There is no publish_id "${c.req.param('publish_id') ?? ''}".`);
    return found;
  };
  const video = (c: Context): Video => {
    const found = world.videos.byId(c.req.param('id') ?? '');
    if (!found) throw new ControlError(404, `There is no video "${c.req.param('id') ?? ''}".`);
    return found;
  };
  const demandStatus = (target: Post, fits: boolean, wanted: string): void => {
    if (!fits) throw new ControlError(409, `The post is ${target.status}: ${wanted}.`);
  };
  const act = (path: string, run: (target: Post, body: unknown) => void): void => {
    app.post(`/posts/:publish_id/${path}`, async (c) => {
      run(post(c), await bodyOf(c));
      return c.json(postState(post(c)));
    });
  };

  app.get('/posts', (c) => {
    const { username } = c.req.query();
    return c.json({ posts: world.posts.all().filter((each) => !username || each.account.username === username).map(postState) });
  });
  app.get('/posts/:publish_id', (c) => c.json(postState(post(c))));
  act('fail', (target, body) => {
    const { reason } = failSchema.parse(body);
    demandStatus(target, target.status !== 'FAILED' && target.status !== 'PUBLISH_COMPLETE', 'it has ended');
    world.life.fail(target, reason);
  });
  act('post-draft', (target, body) => {
    const { privacy_level } = postDraftSchema.parse(body);
    demandStatus(target, target.mode === 'inbox' && ['SEND_TO_USER_INBOX', 'PUBLISH_COMPLETE'].includes(target.status), 'only a draft in the inbox can be posted');
    world.life.postDraft(target, privacy_level);
  });
  act('release', (target) => {
    demandStatus(target, target.status === 'PUBLISH_COMPLETE', 'only a published one can be released');
    world.life.release(target);
  });
  act('expire-upload', (target) => {
    if (!target.upload) throw new ControlError(409, 'The post has no upload.');
    target.upload.expires_ms = world.clock.now();
  });

  app.get('/videos', (c) => {
    const { username } = c.req.query();
    const accounts = username ? [accountNamed(world, username)] : world.accounts.all();
    return c.json({ videos: accounts.flatMap((each) => world.videos.of(each)).map((each) => videoState(world, each)) });
  });
  app.post('/videos', async (c) => {
    const { username, caption, privacy_level } = newVideoSchema.parse(await bodyOf(c));
    const added = world.videos.add({ account: accountNamed(world, username), publish_id: null, caption, privacy_level, is_aigc: false, is_photo: false });
    added.is_listed = privacy_level === 'PUBLIC_TO_EVERYONE';
    return c.json(videoState(world, added), 201);
  });
  app.patch('/videos/:id', async (c) => {
    const target = video(c);
    target.stats = { ...target.stats, ...statsSchema.parse(await bodyOf(c)) };
    return c.json(videoState(world, target));
  });
  for (const [path, how] of [['delete', 'deleted'], ['make-private', 'private']] as const) {
    app.post(`/videos/:id/${path}`, (c) => {
      world.life.hide(video(c), how);
      return c.json(videoState(world, video(c)));
    });
  }
  return app;
}
