export { type AccessTokens, HighLevelApi, type HighLevelApiOptions } from './highlevel-api.js';
export { type AnswerReport } from './api-calls.js';
export { authorizationUrl, type AuthorizationRequest } from './authorization-url.js';
export {
  type ContactInput,
  type ContactPatch,
  type ContactUpsert,
  type CustomFieldInput,
  type CustomFieldValue,
  type DndSetting,
  type DndSettings,
  type DndStatus,
  type HighLevelContact,
  readContact,
  readContactId,
} from './contact.js';
export {
  type ContactFilter,
  type ContactFilterGroup,
  type ContactPage,
  type ContactsApi,
  type ContactSearch,
} from './contacts-api.js';
export { HighLevelError, type HighLevelErrorFacts, type HighLevelErrorKind } from './highlevel-error.js';
export { InProcessRateLedger } from './in-process-rate-ledger.js';
export {
  type HighLevelCustomField,
  type HighLevelLocation,
  type HighLevelTag,
  type InstalledLocation,
} from './location.js';
export { type LocationsApi } from './locations-api.js';
export {
  appIdOf,
  type ClientCredentials,
  type CodeExchange,
  type InstalledLocationsPage,
  type InstalledLocationsQuery,
  OAuthApi,
  type OAuthApiOptions,
  type Reconnect,
  type ReconnectAnswer,
  type Refresh,
} from './oauth-api.js';
export { type BudgetLevel, type Priority, type RateBudget, RateBudgetExhausted } from './rate-budget.js';
export { type RateLedger } from './rate-ledger.js';
export { type RunScript, SharedRateLedger } from './shared-rate-ledger.js';
export { WaitingRateBudget } from './waiting-rate-budget.js';
export { type RateLimitReading } from './rate-limit.js';
export { SCOPES } from './scopes.js';
export { HIGHLEVEL_ED25519_PUBLIC_KEY, HIGHLEVEL_RSA_PUBLIC_KEY } from './signing-keys.js';
export { type TokenAnswer, type UserType } from './token-answer.js';
export {
  TokenEndpointError,
  type TokenEndpointErrorFacts,
  type TokenEndpointErrorKind,
} from './token-endpoint-error.js';
export { type HighLevelUser } from './user.js';
export { type OpenedUserContext, openUserContext, type UserContext } from './user-context.js';
export { type UserPage, type UsersApi, type UserSearch } from './users-api.js';
export {
  type ContactEvent,
  type ConversationUnreadEvent,
  type InstallEvent,
  type KnownWebhookEvent,
  type LocationEvent,
  type MessageEvent,
  type UninstallEvent,
  type UserEvent,
  type WebhookEvent,
} from './webhook-events.js';
export {
  type SignatureHeaders,
  type SignatureRefusal,
  type SignatureScheme,
  SigningKeyInvalid,
  type Verification,
  WebhookVerifier,
  type WebhookVerifierOptions,
} from './webhook-verifier.js';
