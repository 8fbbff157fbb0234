import { randomBytes } from 'node:crypto';
import { Controller, Get, Logger, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { hash } from 'bcryptjs';
import { DataSource } from 'typeorm';
import { type AppConfig, ConfigModule } from '#libs/config';
import { configureApp, createFastifyAdapter } from '#libs/http';
import { AuthModule } from './auth.module.js';
import { type CallingAccount, type CallingUser } from './caller.js';
import {
  AdminOnly,
  CurrentAccount,
  CurrentUser,
  MembersOnly,
  SignedInOnly,
  SuperAdminsOnly,
} from './decorators.js';

/** For specs: an application with one route for each guard, on a database with people in every position. */

/** bcrypt's lowest cost: what is tested is not how slow it is. */
const COST = 4;
export const PASSWORD = 'Password1!';

@Controller('accounts/:account_id')
class AccountController {
  @Get('members')
  @MembersOnly()
  members(@CurrentUser() user: CallingUser, @CurrentAccount() account: CallingAccount): unknown {
    return { user, account };
  }

  @Post('admins')
  @AdminOnly()
  admins(@CurrentUser() user: CallingUser, @CurrentAccount() account: CallingAccount): unknown {
    return { user, account };
  }
}

@Controller()
class PlainController {
  @Get('me')
  @SignedInOnly()
  me(@CurrentUser() user: CallingUser): CallingUser {
    return user;
  }

  @Get('supers')
  @SuperAdminsOnly()
  supers(@CurrentUser() user: CallingUser): CallingUser {
    return user;
  }

  @Get('unguarded/user')
  unguardedUser(@CurrentUser() user: CallingUser): CallingUser {
    return user;
  }

  @Get('unguarded/account')
  unguardedAccount(@CurrentAccount() account: CallingAccount): CallingAccount {
    return account;
  }
}

/** Starts the application on a database that is there already. It does not listen: use `app.inject`. */
export async function startApp(config: AppConfig, source: DataSource): Promise<NestFastifyApplication> {
  @Module({ providers: [{ provide: DataSource, useValue: source }], exports: [DataSource] })
  class SourceModule {}
  const database = { module: SourceModule, global: true };

  @Module({
    imports: [ConfigModule.register(config), database, AuthModule],
    controllers: [AccountController, PlainController],
  })
  class AppModule {}

  Logger.overrideLogger(false);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createFastifyAdapter(config));
  configureApp(app, config);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

export interface Person {
  readonly id: number;
  readonly email: string;
  /** Row of `access_tokens`. */
  readonly token: string;
}

interface PersonOptions {
  name: string;
  type?: string;
  confirmed?: boolean;
  otp?: boolean;
  password?: string;
}

/** Writes rows as DeskFlow does. */
export class People {
  constructor(private readonly source: DataSource) {}

  async account(name: string, status = 0): Promise<number> {
    const [{ id }] = await this.source.query<[{ id: number }]>(
      `insert into accounts (name, status, created_at, updated_at) values ($1, $2, now(), now()) returning id`,
      [name, status],
    );
    return id;
  }

  async person({
    name,
    type,
    confirmed = true,
    otp = false,
    password = PASSWORD,
  }: PersonOptions): Promise<Person> {
    const email = `${name.toLowerCase()}@example.com`;
    const [{ id }] = await this.source.query<[{ id: number }]>(
      `insert into users (name, email, uid, provider, encrypted_password, confirmed_at, type, otp_required_for_login,
                          pubsub_token, created_at, updated_at)
       values ($1, $2, $2, 'email', $3, $4, $5, $6, $7, now(), now()) returning id`,
      [
        name,
        email,
        password && (await hash(password, COST)),
        confirmed ? new Date() : null,
        type,
        otp,
        `pubsub-${name}`,
      ],
    );
    return { id, email, token: await this.token('User', id) };
  }

  async token(ownerType: string, ownerId: number): Promise<string> {
    const token = randomBytes(12).toString('hex');
    await this.source.query(
      `insert into access_tokens (owner_type, owner_id, token, created_at, updated_at) values ($1, $2, $3, now(), now())`,
      [ownerType, ownerId, token],
    );
    return token;
  }

  async join(accountId: number, userId: number, role: 0 | 1, activeAt: Date | null = null): Promise<void> {
    await this.source.query(
      `insert into account_users (account_id, user_id, role, active_at, custom_role_id, created_at, updated_at)
       values ($1, $2, $3, $4, 9, now(), now())`,
      [accountId, userId, role, activeAt],
    );
  }

  /** Stores `users.tokens` the way devise_token_auth does (a JSON text in the json column) or as a plain object. */
  async deviseTokens(userId: number, tokens: object, encoding: 'double' | 'plain' = 'double'): Promise<void> {
    const json = JSON.stringify(tokens);
    await this.source.query(`update users set tokens = $2::json where id = $1`, [
      userId,
      encoding === 'double' ? JSON.stringify(json) : json,
    ]);
  }
}

/** An entry of `users.tokens` for an access token. */
export async function deviseEntry(
  token: string,
  expiresInSeconds = 3_600,
): Promise<{ token: string; expiry: number }> {
  return { token: await hash(token, COST), expiry: Math.floor(Date.now() / 1_000) + expiresInSeconds };
}
