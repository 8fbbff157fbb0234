/** `integrations_hooks.settings` of a `gohighlevel` hook, as DeskFlow names the keys (DM 1). Never returned whole. */
export interface HookSettings {
  /** Clear text or an envelope, see TokenVault. */
  readonly refresh_token?: string;
  /** Written as ISO 8601; use `parseTime` to read. */
  readonly expires_at?: string | number;
  /** Granted scopes, separated by spaces. */
  readonly scope?: string;
  readonly location_id?: string;
  readonly company_id?: string;
  /** HighLevel's id of who installed. */
  readonly user_id?: string;
  readonly connected_at?: string | number;
  readonly user_type?: string;
}

const TEXT_KEYS = ['refresh_token', 'scope', 'location_id', 'company_id', 'user_id', 'user_type'] as const;
const TIME_KEYS = ['expires_at', 'connected_at'] as const;

/** Date and time of ISO 8601 or Ruby's `Time#to_s`; without a zone it is UTC, as everything DeskFlow stores. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?) ?(Z|UTC|[+-]\d{2}:?\d{2})?$/i;
const EPOCH = /^\d{9,13}(?:\.\d+)?$/;
/** Larger numbers are milliseconds: as seconds they would lie after the year 5138. */
const MAX_EPOCH_SECONDS = 100_000_000_000;

/** The keys this service knows with the types it expects; anything else in the column is left out. */
export function readHookSettings(stored: unknown): HookSettings {
  if (typeof stored !== 'object' || stored === null) return {};
  const source = stored as Record<string, unknown>;
  const texts = TEXT_KEYS.filter((key) => typeof source[key] === 'string');
  const times = TIME_KEYS.filter((key) => typeof source[key] === 'string' || typeof source[key] === 'number');
  return Object.fromEntries([...texts, ...times].map((key) => [key, source[key]]));
}

/** A point in time as any writer of `settings` may have put it: ISO 8601, Ruby's text, epoch (DM 4). */
export function parseTime(value: unknown): Date | undefined {
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (EPOCH.test(text)) return fromEpoch(Number(text));
  const match = DATE_TIME.exec(text);
  if (!match) return undefined;
  const zone = match[3] === undefined || /^(z|utc)$/i.test(match[3]) ? 'Z' : match[3];
  return valid(new Date(`${match[1] ?? ''}T${match[2] ?? ''}${withColon(zone)}`));
}

function withColon(zone: string): string {
  return zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
}

function fromEpoch(value: number): Date | undefined {
  return value > 0 ? valid(new Date(value > MAX_EPOCH_SECONDS ? value : value * 1000)) : undefined;
}

function valid(date: Date): Date | undefined {
  return Number.isNaN(date.getTime()) ? undefined : date;
}
