import pg from 'pg';

const { types } = pg;

/** Its declaration knows the types of pg's own table only. */
const setTypeParser = types.setTypeParser as (oid: number, parse: (text: string) => unknown) => void;
const getTypeParser = types.getTypeParser as (oid: number) => (text: string) => unknown;

/** Type OIDs of PostgreSQL's catalog (`select oid, typname from pg_type`) that pg's table of names leaves out. */
const TEXT_ARRAY = 1009;
const INT8_ARRAY = 1016;
const TIMESTAMP_ARRAY = 1115;

/**
 * The only place that decides how PostgreSQL's values become JavaScript's, and dates become PostgreSQL's (DM 0.10).
 * pg keeps parsers per process; setting them twice changes nothing.
 */
export function installTypeParsers(): void {
  setTypeParser(types.builtins.INT8, parseInt8);
  setTypeParser(types.builtins.TIMESTAMP, parseUtcTimestamp);
  setTypeParser(INT8_ARRAY, (text) => parseArray(text).map((item) => item && parseInt8(item)));
  setTypeParser(TIMESTAMP_ARRAY, (text) => parseArray(text).map((item) => item && parseUtcTimestamp(item)));
  // Without this pg writes a Date in the machine's own zone, and a naive column keeps that clock reading.
  pg.defaults.parseInputDatesAsUTC = true;
}

/** @throws RangeError above 2^53: a rounded id would silently name another row. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a JavaScript number`);
  return value;
}

/** DeskFlow's columns are `timestamp` without zone and always UTC; pg itself would read them in local time. */
function parseUtcTimestamp(text: string): unknown {
  const isInfinite = text.endsWith('infinity');
  return parseTimestamptz(isInfinite ? text : `${text}+00`);
}

const parseTimestamptz = getTypeParser(types.builtins.TIMESTAMPTZ);
const parseArray = getTypeParser(TEXT_ARRAY) as (text: string) => (string | null)[];
