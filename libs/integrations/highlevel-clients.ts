import { Injectable } from '@nestjs/common';
import { AppConfig } from '#libs/config';
import { type Hook } from '#libs/database';
import { HighLevelApi, InProcessRateBudget } from '#libs/highlevel';
import { TokenRefreshService } from './token-refresh.service.js';

/** Makes API clients that fetch and renew their own tokens and share one rate budget. */
@Injectable()
export class HighLevelClients {
  private readonly budget = new InProcessRateBudget();

  constructor(
    private readonly config: AppConfig,
    private readonly refreshService: TokenRefreshService,
  ) {}

  /** A client of the hook's location. Cheap: make one for each piece of work. */
  forHook(hook: Pick<Hook, 'id' | 'referenceId'>): HighLevelApi {
    return new HighLevelApi({
      baseUrl: this.config.ghl.apiUrl,
      locationId: hook.referenceId ?? '',
      budget: this.budget,
      tokens: {
        current: () => this.refreshService.freshAccessToken(hook.id),
        renew: (rejectedToken) => this.refreshService.refresh(hook.id, { rejectedToken }),
      },
    });
  }
}
