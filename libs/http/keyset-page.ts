import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { text } from '#libs/i18n';
import { type Shape } from './shape.js';
import { inWords } from './validation-words.js';

const DEFAULT_LIMIT = 25;

/** Which part of a list that grows at its head: a page after a record, not after a count, so that none shifts. */
export class KeysetQuery {
  @ApiPropertyOptional({
    pattern: '^[1-9][0-9]{0,14}$',
    example: '4711',
    description: 'Only what is older than this id: `meta.next_before` of the page before',
  })
  @IsOptional()
  @Matches(/^[1-9]\d{0,14}$/, inWords(text('validation.id')))
  before?: string;

  @ApiPropertyOptional({
    pattern: '^([1-9][0-9]?|100)$',
    default: String(DEFAULT_LIMIT),
    description: 'At most so many, up to 100',
  })
  @IsOptional()
  @Matches(/^([1-9]\d?|100)$/, inWords(text('validation.whole_number', { min: 1, max: 100 })))
  limit?: string;
}

export class KeysetMeta {
  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 4686,
    description: '`before` of the next page; null on the last one',
  })
  next_before!: number | null;
}

/** What a statement needs to know about the page that is asked for. */
export interface Keyset {
  /** Null for the first page. */
  readonly before: number | null;
  /** One more than the page holds: whether it comes tells whether there is a next page. */
  readonly fetch: number;
}

export function keysetOf({ before, limit }: Shape<KeysetQuery>): Keyset {
  return {
    before: before === undefined ? null : Number(before),
    fetch: (limit === undefined ? DEFAULT_LIMIT : Number(limit)) + 1,
  };
}

/** @param rows newest first, as many as `fetch` asked for */
export function keysetPage<Row extends { readonly id: number }>(
  rows: readonly Row[],
  { fetch }: Keyset,
): { rows: readonly Row[]; meta: Shape<KeysetMeta> } {
  const page = rows.slice(0, fetch - 1);
  const next_before = rows.length === fetch ? (page.at(-1)?.id ?? null) : null;
  return { rows: page, meta: { next_before } };
}
