import { Injectable } from '@nestjs/common';
import { OAuthApi } from '#libs/highlevel';
import { AgencyTokens } from './agency-tokens.js';
import { grantFrom, type TokenGrant } from './token-grant.js';

/** Mints tokens of single locations from their agency's (HL 2.7). */
@Injectable()
export class LocationMint {
  constructor(
    private readonly agencyTokens: AgencyTokens,
    private readonly oauth: OAuthApi,
  ) {}

  /** @throws what `AgencyTokens.use` throws */
  async mint(accountId: number, companyId: string, locationId: string): Promise<TokenGrant> {
    const askedAt = new Date();
    const answer = await this.agencyTokens.use(accountId, companyId, (agencyToken) =>
      this.oauth.locationToken({ companyId, locationId, agencyToken }),
    );
    return grantFrom(answer, locationId, askedAt);
  }
}
