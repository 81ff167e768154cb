import { openDb } from '../db/client.ts';
import { migrateToLatest } from '../db/migrate.ts';
import { reasonOf } from './supervisor/start-error.ts';

/** `npm run db:migrate`: brings the database of DATABASE_URL to the newest schema. Several may run at once. */
const url = process.env.DATABASE_URL;
if (!url) {
  console.error('DATABASE_URL is not set: it names the database to migrate.');
  process.exit(1);
}
const { db, close } = openDb({ url, max: 1, name: 'showrunner-migrate' });
try {
  const applied = await migrateToLatest(db);
  console.log(applied.length > 0 ? `Applied: ${applied.join(', ')}` : 'The schema is up to date.');
} catch (error) {
  console.error(`The migration failed: ${reasonOf(error)}`);
  process.exitCode = 1;
} finally {
  await close();
}
