/** Calls of the control API, as this page makes them. Each throws an Error with the simulator's own sentence and its `status`. */

async function call(method, path, body) {
  const response = await fetch(`/_sim${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok)
    throw Object.assign(new Error([answer.message].flat().join('; ')), { status: response.status });
  return answer;
}

const at = (locationId) => `/locations/${encodeURIComponent(locationId)}`;

export const controlApi = {
  users: async () => (await call('GET', '/users')).users,
  /** What the frame says of the user to the page inside it, encrypted. Without a location: in the agency view. */
  userContext: async (userId, locationId) =>
    (await call('POST', '/user-context', { userId, locationId })).payload,
  locations: async () => (await call('GET', '/locations')).locations,
  /** `suspend`, `activate`, `revoke` or `uninstall`. */
  actOn: (locationId, act) => call('POST', `${at(locationId)}/${act}`, {}),
  contacts: (locationId, query) =>
    call('GET', `${at(locationId)}/contacts?query=${encodeURIComponent(query)}`),
  contact: async (locationId, id) => (await call('GET', `${at(locationId)}/contacts/${id}`)).contact,
  /** Creates without an id, changes with one. */
  saveContact: (locationId, id, contact) =>
    id
      ? call('PUT', `${at(locationId)}/contacts/${id}`, contact)
      : call('POST', `${at(locationId)}/contacts`, contact),
  deleteContact: (locationId, id) => call('DELETE', `${at(locationId)}/contacts/${id}`),
  messages: async (locationId, contactId) =>
    (await call('GET', `${at(locationId)}/contacts/${contactId}/messages`)).messages,
  sendMessage: (locationId, contactId, message) =>
    call('POST', `${at(locationId)}/contacts/${contactId}/messages`, message),
  webhooks: () => call('GET', '/webhooks?limit=30'),
  redeliver: (id) => call('POST', `/webhooks/${encodeURIComponent(id)}/redeliver`, {}),
  requests: () => call('GET', '/requests?limit=30'),
  faults: async () => (await call('GET', '/faults')).faults,
  replaceFaults: (faults) => call('PUT', '/faults', { faults }),
  settings: () => call('GET', '/settings'),
  saveSettings: (settings) => call('PUT', '/settings', settings),
};
