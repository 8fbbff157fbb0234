import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Shape } from '#libs/http';
import { type SignedInAccount, type SignedInUser } from './sign-in.dto.js';

interface ProfileRow {
  id: number;
  uid: string;
  provider: string;
  email: string | null;
  name: string;
  display_name: string | null;
  type: string | null;
  pubsub_token: string | null;
  access_token: string | null;
}

interface AccountRow {
  id: number;
  name: string;
  status: number | null;
  role: number | null;
}

/** What DeskFlow tells a user about themself at sign-in. */
@Injectable()
export class Profiles {
  constructor(private readonly source: DataSource) {}

  async read(userId: number): Promise<Omit<Shape<SignedInUser>, 'session_token'>> {
    const [users, accounts] = await Promise.all([this.readUser(userId), this.readAccounts(userId)]);
    const [user] = users;
    const [current] = accounts;
    return {
      id: user.id,
      uid: user.uid,
      provider: user.provider,
      email: user.email,
      name: user.name,
      display_name: user.display_name,
      type: user.type,
      pubsub_token: user.pubsub_token,
      access_token: user.access_token,
      account_id: current?.id ?? null,
      role: current?.role ?? null,
      accounts,
    };
  }

  private readUser(userId: number): Promise<[ProfileRow]> {
    return this.source.query(
      `select u.id, u.uid, u.provider, u.email, u.name, u.display_name, u.type, u.pubsub_token, t.token as access_token
         from users u
         left join access_tokens t on t.owner_type = 'User' and t.owner_id = u.id
        where u.id = $1
        order by t.id
        limit 1`,
      [userId],
    );
  }

  /** The account used last comes first, as DeskFlow picks the current one. */
  private async readAccounts(userId: number): Promise<Shape<SignedInAccount>[]> {
    const rows: AccountRow[] = await this.source.query(
      `select a.id, a.name, a.status, au.role
         from account_users au
         join accounts a on a.id = au.account_id
        where au.user_id = $1
        order by au.active_at desc nulls last, au.id
        limit 1000`,
      [userId],
    );
    return rows.map(({ id, name, status, role }) => ({
      id,
      name,
      status: status === 1 ? 'suspended' : 'active',
      role: role === 1 ? 'administrator' : 'agent',
    }));
  }
}
