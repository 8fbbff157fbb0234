/** Whose tokens they are, in the fields of an error: a connected location's, or an agency's. */
export type TokenSubject = { readonly hook_id: number } | { readonly company_id: string };

/** The same in words, for people who read logs. */
export function nameOfSubject(subject: TokenSubject): string {
  return 'hook_id' in subject ? `hook ${subject.hook_id}` : `agency ${subject.company_id}`;
}
