import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ACCOUNT_LOCALES } from '#libs/database';
import { NotFound } from '#libs/errors';
import { type Language, spokenLanguage } from '#libs/i18n';
import { AccountSuspended, NotAMember } from './auth-errors.js';
import { type CallingAccount, type Confinement, type Role } from './caller.js';

const SUSPENDED = 1;
const ADMINISTRATOR = 1;

/** An account, and what a user is in it. */
export interface FoundAccount {
  readonly id: number;
  readonly name: string;
  readonly isSuspended: boolean;
  /** Undefined for somebody who is no member. */
  readonly role: Role | undefined;
  /** Undefined where it has none, and for somebody who is no member: not even its language is theirs to know. */
  readonly locale: Language | undefined;
}

interface AccountRow {
  name: string;
  locale: number | null;
  status: number | null;
  member: boolean;
  role: number | null;
}

/** Which accounts a user may act in. */
@Injectable()
export class Accounts {
  constructor(private readonly source: DataSource) {}

  /** @throws NotFound */
  async find(accountId: number | undefined, userId: number): Promise<FoundAccount> {
    if (accountId === undefined) throw new NotFound('Account');
    const rows: AccountRow[] = await this.source.query(
      `select a.name, a.locale, a.status, au.id is not null as member, au.role
         from accounts a
         left join account_users au on au.account_id = a.id and au.user_id = $2
        where a.id = $1`,
      [accountId, userId],
    );
    const row = rows[0];
    if (!row) throw new NotFound('Account');
    return {
      id: accountId,
      name: row.name,
      isSuspended: row.status === SUSPENDED,
      ...(row.member
        ? { role: row.role === ADMINISTRATOR ? 'administrator' : 'agent', locale: localeOf(row) }
        : { role: undefined, locale: undefined }),
    };
  }
}

/**
 * Refuses in DeskFlow's order (DM 3).
 * @param confinement of the session that wants in
 * @throws AccountSuspended, NotAMember
 */
export function entered(
  { id, name, isSuspended, role }: FoundAccount,
  confinement?: Confinement,
): CallingAccount {
  if (isSuspended) throw new AccountSuspended();
  if (!role || (confinement && confinement.accountId !== id)) throw new NotAMember();
  return { id, name, role: confinement?.atMost === 'agent' ? 'agent' : role };
}

function localeOf({ locale }: AccountRow): Language | undefined {
  return locale === null ? undefined : spokenLanguage(ACCOUNT_LOCALES[locale] ?? '');
}
