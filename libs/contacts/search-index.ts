import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';

const EVERY_MS = 10_000;
/** PostgreSQL's default room for what waits (`gin_pending_list_limit`): about 2,000 contacts. */
const DEFAULT_ROOM_KB = 4_096;
/** What of the room is filled before it is merged, at 2 KB a contact. The rest is for those that come meanwhile. */
const MERGED_PER_KB = 3 / 8;

/** Only the owner of a table may; who else writes contacts leaves it to PostgreSQL. */
const MERGE = `
    select gin_clean_pending_list(i.indexrelid),
           coalesce((select option_value::integer from pg_options_to_table(c.reloptions)
                      where option_name = 'gin_pending_list_limit'),
                    pg_size_bytes(current_setting('gin_pending_list_limit')) / 1024) as "roomKb"
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
     where i.indrelid = 'public.contacts'::regclass and m.amname = 'gin' and i.indisvalid
       and pg_has_role(c.relowner, 'usage')`;

/**
 * The trigram index by which DeskFlow searches contacts. What is written waits in a list that every search reads, until
 * the write which makes it too long has to merge all of it. What this service writes is merged by another connection
 * meanwhile: the more at a time, the less it takes for each, so as much as the list has room for.
 */
@Injectable()
export class SearchIndex implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SearchIndex.name);
  private mergedAtOnce = DEFAULT_ROOM_KB * MERGED_PER_KB;
  private waiting = 0;
  private merging: Promise<void> | undefined;

  constructor(private readonly database: DataSource) {}

  /** @param contacts how many were inserted or changed; whether they are committed does not matter */
  written(contacts: number): void {
    this.waiting += contacts;
    if (this.waiting >= this.mergedAtOnce) this.beginMerging();
  }

  /** Few, too, make every search slow while they wait. In workers, which have a `ScheduleModule`: theirs are nearly all writes. */
  @Interval(EVERY_MS)
  mergeTheRest(): void {
    if (this.waiting > 0) this.beginMerging();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.merging;
  }

  private beginMerging(): void {
    if (this.merging) return;
    this.waiting = 0;
    this.merging = this.merge().finally(() => (this.merging = undefined));
  }

  private async merge(): Promise<void> {
    try {
      const [index] = await this.database.query<{ roomKb: number }[]>(MERGE);
      if (index) this.mergedAtOnce = index.roomKb * MERGED_PER_KB;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn({ msg: 'Could not merge what was written into the search index', reason });
    }
  }
}
