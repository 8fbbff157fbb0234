import { DomainError } from '#libs/errors';

/** Another live copy works in this directory. */
export class DataDirInUse extends DomainError {
  readonly code = 'conflict';
  constructor(dataDir: string, pid: number) {
    super(
      `The data directory ${dataDir} is in use by process ${pid}. Stop that one first, or set DATA_DIR to another directory.`,
      { pid },
    );
  }
}

/** The embedded PostgreSQL could not be set up, started or stopped. The message says what to do about it. */
export class EmbeddedPostgresFailed extends DomainError {
  readonly code = 'unavailable';
  constructor(message: string, options?: ErrorOptions) {
    super(message, {}, options);
  }
}
