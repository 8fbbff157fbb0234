import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { spokenLanguage } from '#libs/i18n';
import { type CallingUser } from './caller.js';

/** No e-mail, uid or token of DeskFlow is longer: varchar attributes are limited to 255 characters (DM 0.1). */
const MAX_KEY_LENGTH = 255;

/** A user with what the different credentials are checked against. Never leaves this lib. */
export interface UserRecord extends CallingUser {
  /** bcrypt (Devise); empty for users who sign in elsewhere. */
  readonly encryptedPassword: string;
  /** `users.tokens` as the driver returns it: text with JSON in it, or an object. */
  readonly tokens: unknown;
  readonly confirmed: boolean;
  readonly otpRequired: boolean;
}

export interface TokenOwner {
  readonly token: string;
  readonly ownerType: string | null;
  readonly user: UserRecord | undefined;
}

interface UserRow {
  id: number;
  name: string;
  email: string | null;
  type: string | null;
  encrypted_password: string;
  tokens: unknown;
  confirmed_at: Date | null;
  otp_required_for_login: boolean | null;
  locale: string | null;
}

const COLUMNS = `u.id, u.name, u.email, u.type, u.encrypted_password, u.tokens, u.confirmed_at,
  u.otp_required_for_login, u.ui_settings ->> 'locale' as locale`;

/** Finds users by what a credential names. */
@Injectable()
export class Users {
  constructor(private readonly source: DataSource) {}

  findById(id: number): Promise<UserRecord | undefined> {
    return this.findOne('u.id = $1', id);
  }

  /** DeskFlow stores addresses in lower case. */
  findByEmail(email: string): Promise<UserRecord | undefined> {
    return this.findOne('u.email = $1', email.trim().toLowerCase());
  }

  findByUid(uid: string): Promise<UserRecord | undefined> {
    return this.findOne('u.uid = $1', uid);
  }

  /** The row of `access_tokens` and its owner; owners other than users are known by their type only. */
  async findByPersonalToken(token: string): Promise<TokenOwner | undefined> {
    if (!isKey(token)) return undefined;
    const rows: (UserRow & { token: string; owner_type: string | null })[] = await this.source.query(
      `select t.token, t.owner_type, ${COLUMNS}
         from access_tokens t
         left join users u on t.owner_type = 'User' and u.id = t.owner_id
        where t.token = $1`,
      [token],
    );
    const row = rows[0];
    return row && { token: row.token, ownerType: row.owner_type, user: toRecord(row) };
  }

  /** Whether the user is an administrator of any active account, or a super admin. */
  async administersAnything(user: CallingUser): Promise<boolean> {
    if (user.isSuperAdmin) return true;
    const rows: unknown[] = await this.source.query(
      `select 1
         from account_users au
         join accounts a on a.id = au.account_id
        where au.user_id = $1 and au.role = 1 and coalesce(a.status, 0) = 0
        limit 1`,
      [user.id],
    );
    return rows.length > 0;
  }

  private async findOne(condition: string, key: string | number): Promise<UserRecord | undefined> {
    if (typeof key === 'string' && !isKey(key)) return undefined;
    const rows: UserRow[] = await this.source.query(
      `select ${COLUMNS} from users u where ${condition} order by u.id limit 1`,
      [key],
    );
    return toRecord(rows[0]);
  }
}

/** PostgreSQL takes no NUL in a text; an empty key would find users that have none. */
function isKey(text: string): boolean {
  return text.length > 0 && text.length <= MAX_KEY_LENGTH && !text.includes('\0');
}

function toRecord(row: UserRow | undefined): UserRecord | undefined {
  // The left join of a bot's token yields a row without a user.
  if (typeof row?.id !== 'number') return undefined;
  return {
    id: row.id,
    name: row.name,
    email: row.email ?? '',
    isSuperAdmin: row.type === 'SuperAdmin',
    locale: row.locale ? spokenLanguage(row.locale) : undefined,
    encryptedPassword: row.encrypted_password,
    tokens: row.tokens,
    confirmed: row.confirmed_at !== null,
    otpRequired: row.otp_required_for_login === true,
  };
}
