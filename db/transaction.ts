import type pg from 'pg';

export interface TransactionOptions<T> {
  /** Statements for this transaction only, such as `set local enable_seqscan = off`. */
  settings?: string;
  /** Whether what was done is kept, by its result; always where absent. */
  keep?: (result: T) => boolean;
}

/**
 * Runs `run` in one transaction on a connection of its own. A connection on which not even a rollback works any more is
 * thrown away rather than given back.
 * @throws what `run` or PostgreSQL throws; nothing is then kept, save where the answer to the commit itself was lost
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  run: (client: pg.PoolClient) => Promise<T>,
  { settings = '', keep = () => true }: TransactionOptions<T> = {},
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(`begin; ${settings}`);
    const result = await run(client);
    await client.query(keep(result) ? 'commit' : 'rollback');
    return result;
  } catch (error) {
    broken = error as Error;
    await client.query('rollback').then(
      () => (broken = undefined),
      () => undefined,
    );
    throw error;
  } finally {
    client.release(broken);
  }
}
