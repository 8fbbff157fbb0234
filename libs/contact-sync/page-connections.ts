import { type DataSource, type QueryRunner } from 'typeorm';

/** A connection, for the transaction of one page. */
export class PageConnection {
  private isEnded = false;

  constructor(
    readonly runner: QueryRunner,
    private readonly giveBack: (runner: QueryRunner) => Promise<void>,
  ) {}

  /** Undoes what is not committed; a connection that is lost has done so. Does nothing the second time. */
  async end(): Promise<void> {
    if (this.isEnded) return;
    this.isEnded = true;
    if (this.runner.isTransactionActive) await this.runner.rollbackTransaction().catch(() => undefined);
    await this.giveBack(this.runner);
  }
}

/**
 * The connections of a walk through pages, kept from page to page: PostgreSQL's process behind one that has written pages
 * has its memory mapped and knows the tables already, while that of the pool's next one may have to begin.
 */
export class PageConnections {
  private readonly free: QueryRunner[] = [];
  private isClosed = false;

  constructor(private readonly database: DataSource) {}

  /** @returns what has to be ended */
  take(): PageConnection {
    const kept = this.free.pop();
    const runner = kept && !kept.isReleased ? kept : this.database.createQueryRunner();
    return new PageConnection(runner, (its) => this.keep(its));
  }

  /** Gives them back to the pool; those that are in use follow when they are ended. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.free.splice(0).map((runner) => runner.release()));
  }

  private async keep(runner: QueryRunner): Promise<void> {
    if (this.isClosed || runner.isTransactionActive) await runner.release();
    else this.free.push(runner);
  }
}
