import { v7 } from 'uuid';

/** UUIDv7: sorts by the time it was made, and within one process by the order it was made in. */
export const newId = (): string => v7();
