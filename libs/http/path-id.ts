import { Injectable, type PipeTransform } from '@nestjs/common';
import { NotFound } from '#libs/errors';

/** DeskFlow's ids are int4, this service's int8; JavaScript counts exactly up to 2^53 - 1. */
const INT4_MAX = 2_147_483_647;

/** The positive integer a path names, or undefined: text, zero, signs, and what no column could hold. */
export function parsePathId(text: string | undefined, max = INT4_MAX): number | undefined {
  if (text === undefined || !/^[0-9]{1,16}$/.test(text)) return undefined;
  const id = Number(text);
  return id >= 1 && id <= max ? id : undefined;
}

/**
 * `@Param('id', PathId) id: number` for an int4 column.
 * @throws NotFound for anything that cannot be an id: a record of that name does not exist
 */
@Injectable()
export class PathId implements PipeTransform<string | undefined, number> {
  transform(text: string | undefined): number {
    const id = parsePathId(text);
    if (id === undefined) throw new NotFound('Record');
    return id;
  }
}

/** `PathId` for a bigint column. */
@Injectable()
export class BigPathId implements PipeTransform<string | undefined, number> {
  transform(text: string | undefined): number {
    const id = parsePathId(text, Number.MAX_SAFE_INTEGER);
    if (id === undefined) throw new NotFound('Record');
    return id;
  }
}
