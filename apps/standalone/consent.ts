/**
 * Approves the consent page as a person would: opens it, chooses the first location, presses Approve.
 * @returns where HighLevel then sends the browser: the callback with code and state
 * @throws Error when there is no such form, or no redirect
 */
export async function approveConsent(
  authorizationUrl: string,
): Promise<{ locationId: string; callbackUrl: string }> {
  const page = await (await fetch(authorizationUrl)).text();
  const form = new URLSearchParams({ decision: 'approve' });
  for (const [, name, value] of page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g))
    form.set(String(name), unescapeHtml(String(value)));
  const locationId = /name="location_id" value="([^"]+)"/.exec(page)?.[1];
  const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1];
  if (locationId === undefined || action === undefined)
    throw new Error('expected a form that offers locations');
  form.set('location_id', locationId);

  const answer = await fetch(new URL(action, authorizationUrl), {
    method: 'POST',
    body: form,
    redirect: 'manual',
  });
  const callbackUrl = answer.headers.get('location');
  if (answer.status !== 302 || callbackUrl === null)
    throw new Error(`expected a redirect, got ${answer.status}`);
  return { locationId, callbackUrl };
}

function unescapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&amp;': '&',
    '&quot;': '"',
    '&#39;': "'",
    '&lt;': '<',
    '&gt;': '>',
  };
  return text.replace(/&(?:amp|quot|#39|lt|gt);/g, (entity) => entities[entity] ?? entity);
}
