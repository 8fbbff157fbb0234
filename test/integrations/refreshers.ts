import { type DomainError } from '#libs/errors';
import { TokenVault } from '#libs/integrations';
import { useDatabase } from '../harness/database.js';
import { ConnectionFixture, type Process } from './connection-fixture.js';

const PROCESSES = 3;

/** Processes that share connections. */
class Refreshers {
  readonly database = useDatabase();
  connections!: ConnectionFixture;
  processes!: Process[];

  get first(): Process {
    return this.processes[0]!;
  }

  get vault(): TokenVault {
    return this.first.app.get(TokenVault);
  }

  async accessTokenOf(hookId: number): Promise<string> {
    return this.vault.open((await this.connections.row(hookId)).access_token ?? '', hookId);
  }

  async start(): Promise<void> {
    this.connections = await ConnectionFixture.start(this.database.source);
    this.processes = await Promise.all(Array.from({ length: PROCESSES }, () => this.connections.process()));
  }
}

/** For the test file in which it is called. */
export function useRefreshers(): Refreshers {
  const refreshers = new Refreshers();
  beforeAll(() => refreshers.start());
  afterEach(() => refreshers.connections.reset());
  afterAll(() => refreshers.connections.stop());
  return refreshers;
}

/** What `work` failed with. */
export async function failure(work: Promise<unknown>): Promise<DomainError> {
  try {
    await work;
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('it did not fail');
}
