import type { Kysely } from 'kysely';
import type { Database, NewRow, Row } from './schema.ts';

export type UserRow = Row<'users'>;

/** @returns undefined where the e-mail has a user already */
export const insertUser = (db: Kysely<Database>, user: NewRow<'users'>): Promise<UserRow | undefined> =>
  db
    .insertInto('users')
    .values(user)
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returningAll()
    .executeTakeFirst();

export const findUser = (db: Kysely<Database>, id: string): Promise<UserRow | undefined> =>
  db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();

/** @param email in lower case */
export const findUserByEmail = (db: Kysely<Database>, email: string): Promise<UserRow | undefined> =>
  db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst();
