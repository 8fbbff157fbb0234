import { assertInReplayWindow, OutsideReplayWindow } from './replay-window.js';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const HOUR_MS = 3_600_000;
const WINDOW_MS = 96 * HOUR_MS;

const judge =
  (hoursAgo: number | null, hasWebhookId = false) =>
  (): void => {
    const eventAt = hoursAgo === null ? null : new Date(NOW - hoursAgo * HOUR_MS);
    assertInReplayWindow({ hasWebhookId, eventAt }, WINDOW_MS, NOW);
  };

describe('a delivery without webhookId', () => {
  it.each([0, 72, 95.9, 96, -0.9])('is taken when it is %s hours old', (hoursAgo) => {
    expect(judge(hoursAgo)).not.toThrow();
  });

  it.each([96.1, 1_000, -1.1])('is refused when it is %s hours old', (hoursAgo) => {
    expect(judge(hoursAgo)).toThrow(OutsideReplayWindow);
  });

  it('is taken when it has no timestamp', () => {
    expect(judge(null)).not.toThrow();
  });
});

describe('a delivery with a webhookId', () => {
  it.each([96.1, 10_000, -10_000])('is taken however old it is: %s hours', (hoursAgo) => {
    expect(judge(hoursAgo, true)).not.toThrow();
  });
});
