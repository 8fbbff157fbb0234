import { isInReplayWindow } from './replay-window.js';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR_MS = 3_600_000;
const WINDOW_MS = 96 * HOUR_MS;

function isTaken(hoursAgo: number | null): boolean {
  const eventAt = hoursAgo === null ? null : new Date(NOW - hoursAgo * HOUR_MS);
  return isInReplayWindow(eventAt, WINDOW_MS, NOW);
}

describe('a delivery without webhookId', () => {
  it.each([0, 72, 95.9, 96, -0.9])('is taken when it is %s hours old', (hoursAgo) => {
    expect(isTaken(hoursAgo)).toBe(true);
  });

  it.each([96.1, 1_000, -1.1])('is refused when it is %s hours old', (hoursAgo) => {
    expect(isTaken(hoursAgo)).toBe(false);
  });

  it('is taken when it has no timestamp', () => {
    expect(isTaken(null)).toBe(true);
  });
});
