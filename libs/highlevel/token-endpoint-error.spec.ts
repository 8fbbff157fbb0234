import { classifyTokenFailure } from './token-endpoint-error.js';

describe(classifyTokenFailure.name, () => {
  it.each([
    [400, 'Invalid grant: refresh token is invalid', 'invalid_grant'],
    [400, 'INVALID GRANT: authorization code is invalid', 'invalid_grant'],
    [400, 'Invalid grant: authorization code has expired', 'invalid_grant'],
    [401, 'invalid_grant; The refresh token is gone', 'invalid_grant'],
    [400, 'The refresh token is invalid', 'invalid_grant'],
    [400, 'Location is not active', 'suspended'],
    [400, 'location is NOT ACTIVE; Bad Request', 'suspended'],
    [403, 'Company is not active', 'suspended'],
    [400, 'Invalid grant: location is not active', 'suspended'], // keeps the token: the safe reading
    [401, 'invalid_client', 'misconfigured'],
    [401, 'Invalid client: client credentials are invalid', 'misconfigured'],
    [400, 'Missing parameter: `code`', 'misconfigured'],
    [400, 'Invalid parameter: `user_type`', 'misconfigured'],
    [400, 'unsupported_grant_type', 'misconfigured'],
    [422, 'client_id must be a string', 'misconfigured'],
    [401, 'Unauthorized', 'transient'],
    [400, 'Something new', 'transient'],
    [400, '', 'transient'],
    [404, 'Not found', 'transient'],
    [408, 'Invalid grant: refresh token is invalid', 'transient'],
    [429, 'Invalid grant: refresh token is invalid', 'transient'],
    [500, 'Invalid grant: refresh token is invalid', 'transient'],
    [302, 'invalid_grant', 'transient'],
  ])('%d %p is %s', (status, message, kind) => {
    expect(classifyTokenFailure(status, message)).toBe(kind);
  });
});
