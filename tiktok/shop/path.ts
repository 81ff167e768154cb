/** TikTok's ids are digits; a little more is taken, and nothing that could lead to another path. */
const SEGMENT = /^[A-Za-z0-9_-]{1,64}$/;
const PATH = /^(\/[A-Za-z0-9_-]{1,64})+$/;

/** The path of an endpoint with ids in it, each of them one segment. An id that is none makes a path that `isPath` refuses. */
export const at = (base: string, ...segments: readonly string[]): string => [base, ...segments.map((segment) => (SEGMENT.test(segment) ? segment : '%'))].join('/');

export const isPath = (path: string): boolean => PATH.test(path);
