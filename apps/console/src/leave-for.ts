/** HighLevel's pages let nobody frame them: out of a frame they open in a tab of their own. */
export function leaveFor(url: string): void {
  if (window.parent === window) window.location.assign(url);
  else window.open(url, '_blank', 'noopener');
}
