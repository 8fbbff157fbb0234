/** One table of DeskFlow as a stand-alone database gets it (DM 1). Names are those of DeskFlow, so that both can swap places. */
export interface CoreTable {
  readonly name: string;
  readonly create: string;
  readonly indexes: readonly string[];
  /** Need the extension pg_trgm; left out where it cannot be had. They serve DeskFlow's search only. */
  readonly trigramIndexes?: readonly string[];
  /** Functions and triggers that belong to the table. */
  readonly triggers?: readonly string[];
  /** Removes what dropping the table leaves behind. Runs before the table is dropped. */
  readonly beforeDrop?: string;
  readonly afterDrop?: string;
}
