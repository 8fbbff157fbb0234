/** What a failed call means. Each kind asks for another reaction; `TRANSIENT` says whether time may heal it. */
export type HighLevelErrorKind =
  | 'token_rejected' // 401 about the token, also after one renewal: the connection needs attention
  | 'scope_missing' // the grant does not cover this call: the feature rests, the others go on
  | 'forbidden' // wrong token level or location
  | 'not_found' // also HighLevel's 400 for an unknown contact (HL 5.4)
  | 'duplicate_contact' // `contactId` names the contact that is there (HL 5.9)
  | 'invalid' // HighLevel will refuse the same request again
  | 'rate_limited' // `retryAfterMs` says when to come back
  | 'unavailable' // network, timeout, 5xx
  | 'unexpected'; // an answer that is not HighLevel's: a page of a proxy, no JSON, a redirect

const TRANSIENT: Readonly<Record<HighLevelErrorKind, boolean>> = {
  token_rejected: false,
  scope_missing: false,
  forbidden: false,
  not_found: false,
  duplicate_contact: false,
  invalid: false,
  rate_limited: true,
  unavailable: true,
  unexpected: true,
};

/** Plain facts about a failed call. Nothing here may hold a token, a secret or a body. */
export interface HighLevelErrorFacts {
  kind: HighLevelErrorKind;
  method: string;
  /** The path as documented, with its placeholders. */
  path: string;
  /** HTTP status; undefined when no answer came. */
  status?: number;
  /** What HighLevel said, on one line and without credentials. */
  remoteMessage?: string;
  traceId?: string;
  retryAfterMs?: number;
  /** `ECONNRESET`, `ENOTFOUND`, `timeout`, … */
  networkCode?: string;
  /** The existing contact, with kind `duplicate_contact`. */
  contactId?: string;
  /** `email` or `phone`, with kind `duplicate_contact`. */
  matchingField?: string;
  /**
   * The call writes, may have reached HighLevel, and no usable answer says what became of it.
   * PUT and DELETE may be repeated all the same; a POST may not, unless finding it done twice is harmless.
   */
  maybeExecuted?: boolean;
}

/** A call to HighLevel's API that failed. Safe to log, show and store: facts only, and no `cause`. */
export class HighLevelError extends Error {
  readonly kind: HighLevelErrorKind;
  /** Whether the same request may succeed later. HighLevel answers 500 to some wrong input: cap retries (HL 1.6). */
  readonly transient: boolean;
  readonly method: string;
  readonly path: string;
  readonly status: number | undefined;
  readonly remoteMessage: string | undefined;
  readonly traceId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly networkCode: string | undefined;
  readonly contactId: string | undefined;
  readonly matchingField: string | undefined;
  readonly maybeExecuted: boolean;

  constructor(facts: HighLevelErrorFacts) {
    super(sentence(facts));
    this.name = 'HighLevelError';
    this.kind = facts.kind;
    this.transient = TRANSIENT[facts.kind];
    this.method = facts.method;
    this.path = facts.path;
    this.status = facts.status;
    this.remoteMessage = facts.remoteMessage;
    this.traceId = facts.traceId;
    this.retryAfterMs = facts.retryAfterMs;
    this.networkCode = facts.networkCode;
    this.contactId = facts.contactId;
    this.matchingField = facts.matchingField;
    this.maybeExecuted = facts.maybeExecuted ?? false;
  }

  toJSON(): Record<string, unknown> {
    return { ...Object.fromEntries(Object.entries(this)), message: this.message };
  }
}

/** `PUT /contacts/{contactId} answered 422: email must be an email` */
export function sentence(
  facts: Pick<HighLevelErrorFacts, 'method' | 'path' | 'status' | 'networkCode' | 'remoteMessage'>,
): string {
  const happened = facts.status === undefined ? `failed` : `answered ${facts.status}`;
  const detail = facts.remoteMessage ?? facts.networkCode;
  return `${facts.method} ${facts.path} ${happened}${detail ? `: ${detail}` : ''}`;
}
