/** One try of a delivery. */
export interface Attempt {
  /** ISO 8601. */
  at: string;
  durationMs: number;
  /** 0: no answer came. */
  status: number;
  /** Beginning of the answer's body. */
  answer?: string;
  /** Why no answer came. */
  error?: string;
}

/** `waiting`: failed, will be tried again. `dropped`: a fault, a full queue, or nowhere to send it. */
export type DeliveryState = 'queued' | 'sending' | 'waiting' | 'delivered' | 'failed' | 'dropped';

/** An event on its way to the app, and what became of it. */
export interface Delivery {
  /** The event's `webhookId`, or one of ours where a hand-made event has none. */
  id: string;
  type: string;
  locationId?: string;
  companyId?: string;
  /** ISO 8601. */
  createdAt: string;
  state: DeliveryState;
  url: string | null;
  /** The bytes that are sent, the same at each attempt. */
  body: string;
  attempts: Attempt[];
  /** ISO 8601. */
  nextAttemptAt?: string;
}
