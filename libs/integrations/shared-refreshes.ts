import { ConcurrencyLimit } from './concurrency-limit.js';
import { type RefreshNeed } from './locked-refresh.js';
import { type TokenRow } from './stored-tokens.js';

/** One exchange a row at a time in this process, however many want its result, and few rows at once. */
export class SharedRefreshes {
  private readonly underWay = new Map<string, Promise<string>>();
  private readonly limit: ConcurrencyLimit;

  /**
   * @param rowsAtOnce each holds a database connection over HTTP calls; the pool needs the others
   * @param exchange meets the need of the first caller
   */
  constructor(
    rowsAtOnce: number,
    private readonly exchange: (row: TokenRow, need: RefreshNeed) => Promise<string>,
  ) {
    this.limit = new ConcurrencyLimit(rowsAtOnce);
  }

  async renewed(row: TokenRow, need: RefreshNeed): Promise<string> {
    const running = this.underWay.get(row.key);
    if (!running) return this.start(row, need);
    const token = await running;
    // The exchange under way may have begun before this token was refused, and may have settled on it.
    return token === need.rejected ? (this.underWay.get(row.key) ?? this.start(row, need)) : token;
  }

  /** A pair that HighLevel has granted is in memory only until it is committed: wait for that before the process ends. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.underWay.values());
  }

  private start(row: TokenRow, need: RefreshNeed): Promise<string> {
    const refresh = this.limit
      .run(() => this.exchange(row, need))
      .finally(() => this.underWay.delete(row.key));
    this.underWay.set(row.key, refresh);
    return refresh;
  }
}
