import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** PostgreSQL lets about 2,000 wait (`gin_pending_list_limit`); it takes the longer for each, the fewer they are. */
const MERGED_AT_ONCE = 1_500;

/** Only the owner of a table may; who else writes contacts leaves it to PostgreSQL. */
const MERGE = `
    select gin_clean_pending_list(i.indexrelid)
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
     where i.indrelid = 'public.contacts'::regclass and m.amname = 'gin' and i.indisvalid
       and pg_has_role(c.relowner, 'usage')`;

/**
 * The trigram index by which DeskFlow searches contacts. New ones wait in a list that every search reads, until the write
 * which makes it too long has to merge all of them, for as long as 2,000 other writes take. Who makes many contacts has
 * them merged by another connection meanwhile.
 */
@Injectable()
export class SearchIndex implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SearchIndex.name);
  private waiting = 0;
  private merging: Promise<void> | undefined;

  constructor(private readonly database: DataSource) {}

  /** @param contacts how many there are now that were not there before */
  grew(contacts: number): void {
    this.waiting += contacts;
    if (this.waiting < MERGED_AT_ONCE || this.merging) return;
    this.waiting = 0;
    this.merging = this.merge().finally(() => (this.merging = undefined));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.merging;
  }

  private async merge(): Promise<void> {
    try {
      await this.database.query(MERGE);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn({ msg: 'Could not merge new contacts into the search index', reason });
    }
  }
}
