import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotFound } from '#libs/errors';
import { AccountSuspended, NotAMember } from './auth-errors.js';
import { type CallingAccount } from './caller.js';

const SUSPENDED = 1;
const ADMINISTRATOR = 1;

interface AccountRow {
  name: string;
  status: number | null;
  member: boolean;
  role: number | null;
}

/** Which accounts a user may act in. */
@Injectable()
export class Accounts {
  constructor(private readonly source: DataSource) {}

  /**
   * The account as the user sees it. Refuses in DeskFlow's order (DM 3).
   * @throws NotFound, AccountSuspended, NotAMember
   */
  async enter(accountId: number | undefined, userId: number): Promise<CallingAccount> {
    if (accountId === undefined) throw new NotFound('Account');
    const rows: AccountRow[] = await this.source.query(
      `select a.name, a.status, au.id is not null as member, au.role
         from accounts a
         left join account_users au on au.account_id = a.id and au.user_id = $2
        where a.id = $1`,
      [accountId, userId],
    );
    const row = rows[0];
    if (!row) throw new NotFound('Account');
    if (row.status === SUSPENDED) throw new AccountSuspended();
    if (!row.member) throw new NotAMember();
    return { id: accountId, name: row.name, role: row.role === ADMINISTRATOR ? 'administrator' : 'agent' };
  }
}
