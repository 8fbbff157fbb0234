export interface SignedIn {
  access_token: string;
  account_id: number;
}

/** Signs a demo user in; all of them have the demo password. */
export async function signIn(apiUrl: string, email = 'admin@example.com'): Promise<SignedIn> {
  const response = await fetch(`${apiUrl}/auth/sign_in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: 'Password1!' }),
  });
  if (!response.ok) throw new Error(`${email} could not sign in: ${response.status}`);
  return ((await response.json()) as { data: SignedIn }).data;
}
