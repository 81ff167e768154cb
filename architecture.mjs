/**
 * Who may import whom: the one table that eslint.config.mjs and tests/unit/architecture.test.ts both enforce, each in its way.
 * A folder may always import itself. `types`: with `import type` alone. `messages`: the *.messages.ts of workflows/ too.
 * `roots`: composition roots of a folder, which alone may import config/ and what `rootsMay` names, and read process.env. `packages`: where it is
 * given, nothing else from node_modules, and nothing of Node.
 */
export const FOLDERS = {
  domain: { may: [], packages: ['zod'], why: 'pure facts and decisions: no I/O, no clock, no randomness' },
  workflows: { may: ['domain'], types: ['activities'], packages: ['@temporalio/workflow', '@temporalio/common'], why: 'deterministic orchestration' },
  activities: { may: ['domain', 'db', 'tiktok', 'devices', 'messaging', 'media', 'social'], messages: true, why: 'side effects, by what is handed in' },
  tiktok: { may: ['domain'], why: 'TikTok’s wire and errors, not our tables' },
  devices: { may: ['domain'], why: 'MQTT and HTTP devices' },
  messaging: { may: ['domain'], why: 'queues, streams, webhooks and mail' },
  media: { may: ['domain'], why: 'streams and object storage' },
  social: { may: ['domain'], why: 'identity providers, app stores and push: their wire and errors, not our tables' },
  db: { may: ['domain'], why: 'schema and repositories' },
  config: { may: ['domain'], why: 'the environment, parsed' },
  api: { may: ['domain', 'db'], types: ['workflows', 'media', 'social'], messages: true, roots: ['api/main.ts'], rootsMay: ['media', 'social'], why: 'thin HTTP' },
  workers: {
    may: ['domain', 'db', 'config', 'activities', 'workflows', 'tiktok', 'devices', 'messaging', 'media', 'social'],
    roots: ['workers/main.ts'],
    why: 'composition roots, one a role',
  },
  console: { may: ['domain'], types: ['api'], why: 'talks HTTP and live updates only' },
  sandbox: { may: ['domain'], roots: ['sandbox/main.ts'], why: 'reached over the wire only; must be able to disagree with tiktok/' },
};

/** These use everything. */
export const FREE_FOLDERS = ['scripts', 'tests', 'bench'];

/** Packages that one folder alone may import, tests and benchmarks apart. */
export const SOLE_IMPORTERS = {
  'tiktok-live-connector': 'tiktok/live',
  'node-media-server': 'media/rtmp',
};
