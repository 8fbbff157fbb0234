import { Injectable } from '@nestjs/common';
import { InvalidCredentials, OtpRequired } from './auth-errors.js';
import { PasswordCheck } from './password-check.js';
import { SignInLimiter } from './sign-in-limiter.js';
import { type UserRecord, Users } from './users.js';

export interface SignInAttempt {
  readonly email: string;
  readonly password: string;
  readonly ip: string;
}

/** Checks e-mail and password. */
@Injectable()
export class SignIn {
  constructor(
    private readonly users: Users,
    private readonly passwords: PasswordCheck,
    private readonly limiter: SignInLimiter,
  ) {}

  /** @throws Throttled, InvalidCredentials, OtpRequired */
  async verify({ email, password, ip }: SignInAttempt): Promise<UserRecord> {
    const succeeded = this.limiter.begin(ip, email);
    const user = await this.users.findByEmail(email);
    const matches = await this.passwords.matches(password, user?.encryptedPassword);
    if (!user || !matches || !user.confirmed) throw new InvalidCredentials();
    succeeded();
    if (user.otpRequired) throw new OtpRequired();
    return user;
  }
}
