import { commentVerbs } from './comments.ts';
import { videoChangeVerbs } from './video-change.ts';
import { videoLikeVerbs } from './video-like.ts';
import { uploadVideo } from './video-upload.ts';
import type { Verb } from './verb.ts';
import { watchingVerbs } from './watching.ts';

export const videoVerbs: readonly Verb[] = [uploadVideo, ...videoChangeVerbs, ...videoLikeVerbs, ...commentVerbs, ...watchingVerbs];
