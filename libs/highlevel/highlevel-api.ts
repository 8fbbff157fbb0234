import { ApiCalls, type ApiTransport, type SendCall } from './api-calls.js';
import { ContactsApi } from './contacts-api.js';
import { HighLevelError } from './highlevel-error.js';
import { LocationsApi } from './locations-api.js';
import { UsersApi } from './users-api.js';

/** Where access tokens come from. */
export interface AccessTokens {
  current(): Promise<string>;
  /** A token other than `rejected`, which HighLevel has just refused. Its errors go to the caller unchanged. */
  renew(rejected: string): Promise<string>;
}

export interface HighLevelApiOptions extends Omit<ApiTransport, 'resourceId'> {
  /** The location the tokens are for; its rate budget is spent. */
  locationId: string;
  tokens: AccessTokens;
}

/**
 * HighLevel's API for one location. Every method throws `HighLevelError`, or what `tokens` throws.
 * It repeats a call once, after renewing a refused token, and otherwise never: callers own their retries.
 */
export class HighLevelApi {
  readonly contacts: ContactsApi;
  readonly locations: LocationsApi;
  readonly users: UsersApi;

  constructor(options: HighLevelApiOptions) {
    const { locationId, tokens, ...transport } = options;
    const send = withTokens(new ApiCalls({ ...transport, resourceId: locationId }), tokens);
    this.contacts = new ContactsApi(send, locationId);
    this.locations = new LocationsApi(send, locationId);
    this.users = new UsersApi(send, locationId);
  }
}

/** A renewed token that is refused, too, ends it: renewing on and on would burn refresh tokens (HL 1.6). */
function withTokens(calls: ApiCalls, tokens: AccessTokens): SendCall {
  return async (call, read) => {
    const token = await tokens.current();
    try {
      return await calls.send(call, token, read);
    } catch (error) {
      if (!(error instanceof HighLevelError && error.kind === 'token_rejected')) throw error;
    }
    return calls.send(call, await tokens.renew(token), read);
  };
}
