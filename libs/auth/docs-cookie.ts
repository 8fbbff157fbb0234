import { type Session } from './sessions.js';

const NAME = 'deskflow_ghl_docs';

/** Goes to the documentation only, unseen by scripts and by requests that other sites start. */
export function docsCookie({ token, expiresInSeconds }: Session, secure: boolean): string {
  const attributes = ['Path=/docs', 'HttpOnly', 'SameSite=Strict', `Max-Age=${expiresInSeconds}`];
  return [`${NAME}=${token}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ');
}

/** The token in a `Cookie` header. */
export function docsTokenOf(cookies: string | undefined): string | undefined {
  for (const cookie of (cookies ?? '').split(';')) {
    const [name, value] = cookie.trim().split('=', 2);
    if (name === NAME) return value;
  }
  return undefined;
}
