/** The part of pino's logger that activities use. */
export interface ErrorLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
