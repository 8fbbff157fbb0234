import { type FactoryProvider, Logger } from '@nestjs/common';
import { AppConfig } from '#libs/config';
import { TokenVault } from './token-vault.js';

/** A variable may list several keys for rotation, the newest first. */
function keysIn(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** The vault with the configured keys; says once at start when tokens will be stored in clear. */
export const tokenVaultProvider: FactoryProvider<TokenVault> = {
  provide: TokenVault,
  inject: [AppConfig],
  async useFactory({ encryption }: AppConfig): Promise<TokenVault> {
    const vault = await TokenVault.create({
      primaryKeys: keysIn(encryption?.primaryKey),
      deterministicKeys: keysIn(encryption?.deterministicKey),
      salt: encryption?.keyDerivationSalt,
      digest: encryption?.digest ?? 'sha1',
    });
    if (!vault.encrypts) {
      new Logger(TokenVault.name).warn(
        'HighLevel tokens are stored in clear: set the three ACTIVE_RECORD_ENCRYPTION_* variables to DeskFlow’s values to encrypt them',
      );
    }
    return vault;
  },
};
