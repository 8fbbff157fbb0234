import { useDatabase } from '../harness/database.js';
import { LocationFixture } from './location-fixture.js';

/** A connected location for the tests of the file in which it is made; each of them finds it empty. */
export class ConnectedLocation {
  readonly database = useDatabase();
  site!: LocationFixture;
  hookId!: number;

  constructor(modules: Parameters<typeof LocationFixture.start>[1]) {
    beforeAll(async () => {
      this.site = await LocationFixture.start(this.database.source, modules);
    });
    beforeEach(() => this.reset());
    afterAll(() => this.site.stop());
  }

  async reset(): Promise<void> {
    this.hookId = await this.site.reset();
  }
}
