/** HighLevel sends a date of birth as midnight UTC; what is kept and sent back is the day (HL 4.7, 5.5). */
export function calendarDate(text: string): string {
  return /^\d{4}-\d{2}-\d{2}(?=T|$)/.exec(text)?.[0] ?? text;
}
