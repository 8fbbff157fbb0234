import { Injectable, Optional } from '@nestjs/common';
import { AppConfig } from '#libs/config';
import { type Hook } from '#libs/database';
import {
  type BudgetLevel,
  HighLevelApi,
  InProcessRateLedger,
  type Priority,
  SharedRateLedger,
  WaitingRateBudget,
} from '#libs/highlevel';
import { SharedRedis } from '#libs/queue';
import { TokenRefreshService } from './token-refresh.service.js';

/** A token is read again after so long: minutes before its end it is replaced. */
const TOKEN_REUSED_MS = 1_000;

/** Makes API clients that fetch and renew their own tokens and share one rate budget, with other processes by Redis. */
@Injectable()
export class HighLevelClients {
  private readonly budget: WaitingRateBudget;

  constructor(
    private readonly config: AppConfig,
    private readonly refreshService: TokenRefreshService,
    @Optional() redis?: SharedRedis,
  ) {
    const isShared = redis !== undefined && config.redisUrl !== undefined;
    this.budget = new WaitingRateBudget(
      isShared
        ? new SharedRateLedger((script, keys, args) => redis.run(script, keys, args))
        : new InProcessRateLedger(),
    );
  }

  /**
   * A client of the hook's location. Cheap: make one for each piece of work.
   * @param priority `bulk` for work that nobody waits for: it leaves room for what somebody does
   */
  forHook(hook: Pick<Hook, 'id' | 'referenceId'>, priority: Priority = 'interactive'): HighLevelApi {
    return new HighLevelApi({
      baseUrl: this.config.ghl.apiUrl,
      locationId: hook.referenceId ?? '',
      budget: this.budget,
      priority,
      tokens: {
        current: this.reused(() => this.refreshService.freshAccessToken(hook.id)),
        renew: (rejectedToken) => this.refreshService.refresh(hook.id, { rejectedToken }),
      },
    });
  }

  /** What is left of the rate budget of the hook's location. */
  budgetLevel({ referenceId }: Pick<Hook, 'referenceId'>): Promise<BudgetLevel> {
    return this.budget.level(referenceId ?? '');
  }

  /** Calls that are made side by side read the token once. One that was replaced meanwhile is refused, and renewed. */
  private reused(read: () => Promise<string>): () => Promise<string> {
    let token: Promise<string> | undefined;
    let readAt = -Infinity;
    return () => {
      const now = performance.now();
      if (token === undefined || now - readAt > TOKEN_REUSED_MS) {
        readAt = now;
        token = read();
        token.catch(() => (token = undefined));
      }
      return token;
    };
  }
}
