import { z } from 'zod';

/** An id in a request, in lower case: PostgreSQL takes both cases for the same id, JavaScript does not, and Swift writes capitals. */
export const uuid = (error?: string) => z.uuid(error).toLowerCase();
