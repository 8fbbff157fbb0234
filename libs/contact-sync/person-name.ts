export interface NameParts {
  firstName?: string;
  lastName?: string;
}

/** As DeskFlow shows it: one text (DM 7). */
export function joinName({ firstName, lastName }: NameParts): string {
  return [firstName, lastName].filter(Boolean).join(' ');
}

/** As DeskFlow's own form splits it: at the first blank (DM 7). */
export function splitName(name: string): NameParts {
  const [, firstName, lastName] = /^(\S*)\s*(.*)$/su.exec(name.trim()) ?? [];
  return { ...(firstName && { firstName }), ...(lastName && { lastName }) };
}
