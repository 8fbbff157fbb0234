import { classifyAnswer } from './classify-answer.js';

const said = (message: unknown, error?: string): unknown => ({ message, error });

describe(classifyAnswer.name, () => {
  it.each<[number, unknown, string]>([
    [401, said('Invalid token: access token is invalid', 'Unauthorized'), 'token_rejected'],
    [401, said('invalid JWT', 'Unauthorized'), 'token_rejected'],
    [401, said('Invalid JWT'), 'token_rejected'],
    [401, said('The token has expired.'), 'token_rejected'],
    [401, said('Unauthorized', 'Unauthorized'), 'token_rejected'],
    [401, undefined, 'token_rejected'],
    [401, said('The token is not authorized for this scope.', 'Unauthorized'), 'scope_missing'],
    [401, said('This authClass type is not allowed to access this scope.'), 'scope_missing'],
    [401, said('The token does not have access to this location.'), 'forbidden'],
    [401, said('Something about the plan', 'Unauthorized'), 'forbidden'],
    [401, said('version header was not found.'), 'invalid'],
    [403, said('The token does not have access to this location.', 'Forbidden'), 'forbidden'],
    [403, said('Missing scope contacts.write'), 'scope_missing'],
    [403, '<html>blocked</html>', 'unexpected'],
    [400, said('Contact with id Con0InventedPerson01 not found'), 'not_found'],
    [400, said('Country not found'), 'invalid'],
    [400, said(['firstName must be a string']), 'invalid'],
    [400, undefined, 'unexpected'],
    [400, { message: 'duplicate', meta: {} }, 'invalid'],
    [409, { message: 'duplicate', meta: { contactId: 'Con1' } }, 'duplicate_contact'],
    [404, said('Not found'), 'not_found'],
    [404, said('Cannot GET /contact/Con1'), 'unexpected'],
    [404, undefined, 'unexpected'],
    [408, said('Request timeout'), 'unavailable'],
    [413, undefined, 'invalid'],
    [422, said(["locationId can't be undefined"], 'Unprocessable Entity'), 'invalid'],
    [422, { error: { code: 'x', message: 'y' } }, 'invalid'],
    [429, undefined, 'rate_limited'],
    [500, said('Contact with id Con1 not found'), 'unavailable'],
    [503, '<html>', 'unavailable'],
    [302, undefined, 'unexpected'],
    [101, undefined, 'unexpected'],
  ])('%d %j is %s', (status, body, kind) => {
    expect(classifyAnswer({ status, headers: {}, body }).kind).toBe(kind);
  });

  it('names the existing contact and what matched', () => {
    const body = {
      statusCode: 400,
      message: 'no duplicates',
      meta: { contactId: 'Con1', matchingField: 'phone' },
    };
    expect(classifyAnswer({ status: 400, headers: {}, body })).toEqual({
      kind: 'duplicate_contact',
      contactId: 'Con1',
      matchingField: 'phone',
    });
  });
});
