/** For tests that do not look at the log. */
export const quietLog = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
