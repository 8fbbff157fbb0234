import { type SendCall } from './api-calls.js';
import { VERSION_2021_07 } from './api-versions.js';
import { isRecord, listOf, numberOf } from './untyped-json.js';
import { type HighLevelUser, readUser } from './user.js';

/** HL 7.1. */
export interface UserSearch {
  companyId: string;
  /** Name, e-mail or phone. There is no exact e-mail look-up for a location: compare what comes. */
  query?: string;
  ids?: readonly string[];
  skip?: number;
  /** HighLevel's own default is 25. */
  limit?: number;
}

export interface UserPage {
  users: HighLevelUser[];
  count: number | undefined;
}

/** Users of one location (HL 7.1). Every method throws `HighLevelError`. */
export class UsersApi {
  constructor(
    private readonly send: SendCall,
    private readonly locationId: string,
  ) {}

  search({ ids, ...search }: UserSearch): Promise<UserPage> {
    const query = { ...search, ids: ids?.join(','), locationId: this.locationId };
    return this.send({ method: 'GET', path: '/users/search', query, version: VERSION_2021_07 }, (body) => {
      const users = isRecord(body) ? listOf(body.users, readUser) : undefined;
      return users && { users, count: isRecord(body) ? numberOf(body.count) : undefined };
    });
  }

  /** Also finds agency users, who are in no location's list. */
  get(userId: string): Promise<HighLevelUser> {
    return this.send(
      { method: 'GET', path: '/users/{userId}', ids: { userId }, version: VERSION_2021_07 },
      (body) => readUser(isRecord(body) && isRecord(body.user) ? body.user : body),
    );
  }
}
