/** What this service asks for on the consent page (HL 2.10). More come by configuration, as features need them. */
export const SCOPES = [
  'contacts.readonly',
  'contacts.write',
  'conversations.readonly',
  'conversations.write',
  'conversations/message.readonly',
  'conversations/message.write',
  'locations.readonly',
  'users.readonly',
] as const;
