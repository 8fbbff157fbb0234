import { Injectable } from '@nestjs/common';
import { AccountStatus, Role } from '#libs/database';
import { DataSource } from 'typeorm';

/** Who may connect an account, asked again when the callback comes: rights may have been taken meanwhile. */
@Injectable()
export class Administrators {
  constructor(private readonly database: DataSource) {}

  /** Whether the user is an administrator of the account, and the account is active. */
  async includes(accountId: number, userId: number): Promise<boolean> {
    const rows = await this.database.query<unknown[]>(
      `select from account_users m join accounts a on a.id = m.account_id
        where m.account_id = $1 and m.user_id = $2 and m.role = $3 and a.status = $4`,
      [accountId, userId, Role.administrator, AccountStatus.active],
    );
    return rows.length > 0;
  }
}
