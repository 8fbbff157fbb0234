/** One variable of the environment that cannot be used. `given` never holds the value of a secret. */
export interface ConfigProblem {
  readonly variable: string;
  /** What was given, ready to print: quoted, `nothing`, or `a value that is not shown here`. */
  readonly given: string;
  readonly expected: string;
}

/** The environment cannot be used. The message lists every problem, one a line, so that one start shows them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(['The configuration is not usable:', ...problems.map(sentence)].join('\n'));
  }
}

function sentence({ variable, given, expected }: ConfigProblem): string {
  return `  ${variable}: expected ${expected}; given: ${given}`;
}
