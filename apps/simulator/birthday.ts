const YEAR_FIRST = /^(\d{4})[-/._](\d{1,2})[-/._](\d{1,2})(?:T.*)?$/;
const MONTH_FIRST = /^(\d{1,2})[-/._](\d{1,2})[-/._](\d{4})$/;

/**
 * A day in any of the spellings HighLevel takes (HL 5.5: year or month first, parted by `-`, `/`, `.` or `_`)
 * as it answers them: midnight UTC in ISO 8601. Undefined for what is no day.
 */
export function readBirthday(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, year, month, day] = YEAR_FIRST.exec(value) ?? reordered(MONTH_FIRST.exec(value)) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // The 31st of February would silently become a day in March.
  return date.getUTCMonth() === Number(month) - 1 ? date.toISOString() : undefined;
}

function reordered(match: RegExpExecArray | null): (string | undefined)[] | undefined {
  return match ? [match[0], match[3], match[1], match[2]] : undefined;
}
