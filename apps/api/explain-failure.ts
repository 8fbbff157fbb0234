/** Why something could not start, as one text. A connection refused on every address of a host has its reasons inside. */
export function explainFailure(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explainFailure).join('\n');
  return error instanceof Error ? error.message : String(error);
}
