import { randomBytes } from 'node:crypto';
import { hash } from 'bcryptjs';
import { type DataSource, type EntityManager } from 'typeorm';
import { AccessToken, Account, AccountUser, Role, TokenOwner, User } from './entities/index.js';

/** What Devise uses (DM 3). */
const BCRYPT_COST = 11;

/** DeskFlow's tokens are this many base58 characters (DM 1). */
const TOKEN_LENGTH = 24;
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export const DEMO_AGENT_EMAIL = 'agent@example.com';

export interface DemoOptions {
  readonly adminEmail: string;
  /** Every demo user's password. */
  readonly adminPassword: string;
}

/**
 * Fills an empty database with two accounts to try things in: the first with an administrator, who may also change the
 * installation's settings, and an agent; the second with an administrator of its own, who must not see the first.
 */
export async function seedDemo(
  source: DataSource,
  { adminEmail, adminPassword }: DemoOptions,
): Promise<void> {
  const encryptedPassword = await hash(adminPassword, BCRYPT_COST);
  await source.transaction(async (manager) => {
    const acme = await manager.save(manager.create(Account, { name: 'Acme Inc' }));
    const globex = await manager.save(manager.create(Account, { name: 'Globex' }));
    const member = (account: Account, role: Role, person: Partial<User>): Promise<void> =>
      addMember(manager, account.id, role, { ...person, encryptedPassword });
    await member(acme, Role.administrator, { name: 'Ada Admin', email: adminEmail, type: 'SuperAdmin' });
    await member(acme, Role.agent, { name: 'Alan Agent', email: DEMO_AGENT_EMAIL });
    await member(globex, Role.administrator, { name: 'Grace Globex', email: 'admin@globex.example.com' });
  });
}

async function addMember(
  manager: EntityManager,
  accountId: number,
  role: Role,
  person: Partial<User>,
): Promise<void> {
  const email = person.email?.toLowerCase() ?? '';
  const user = await manager.save(
    manager.create(User, {
      ...person,
      email,
      uid: email,
      confirmedAt: new Date(),
      pubsubToken: base58Token(),
    }),
  );
  await manager.save(manager.create(AccountUser, { accountId, userId: user.id, role }));
  await manager.save(
    manager.create(AccessToken, { ownerType: TokenOwner.user, ownerId: user.id, token: base58Token() }),
  );
}

function base58Token(): string {
  return Array.from(randomBytes(TOKEN_LENGTH), (byte) => BASE58[byte % BASE58.length]).join('');
}
