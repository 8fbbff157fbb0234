import { type Language } from '#libs/i18n';

/** The user a request comes from. */
export interface CallingUser {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly isSuperAdmin: boolean;
  /** Undefined where they have chosen none. */
  readonly locale: Language | undefined;
  /** Of somebody who signed on from HighLevel's frame. */
  readonly confinement?: Confinement | undefined;
}

/** Where a session ends that HighLevel vouched for (HL 8.4): one account, as long as it holds the location. */
export interface Confinement {
  readonly accountId: number;
  readonly locationId: string;
  /** A role in HighLevel gives none here, and one that somebody has here no more than this. */
  readonly atMost: Role;
}

export type Role = 'agent' | 'administrator';

/** The account a path names, and the caller's role in it. A custom role does not change it (DM 1). */
export interface CallingAccount {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `AuthGuard`. */
    caller?: CallingUser;
    /** Set by `AccountGuard`. */
    account?: CallingAccount;
  }
}
