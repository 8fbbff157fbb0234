/** The lease ran out and somebody else has the rows; what this worker did in its transaction must not stand. */
export class LeaseLost extends Error {
  constructor() {
    super('The lease on the rows ran out');
    this.name = 'LeaseLost';
  }
}
