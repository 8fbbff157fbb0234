import { Injectable } from '@nestjs/common';
import { clipText, storableText } from '#libs/contacts';
import { type Keyset } from '#libs/http';
import { DataSource, type EntityManager } from 'typeorm';
import { type ContactFields } from './canonical-contact.js';
import { type Place } from './contact-links.js';
import { type Ambiguity } from './contact-matching.js';
import { joinName } from './person-name.js';

/** A contact of DeskFlow that may be meant. */
export interface Candidate {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly phoneNumber: string | null;
}

/** A contact of HighLevel that is not in DeskFlow yet, because it may be one of several there. */
export interface AmbiguousMatch {
  readonly id: number;
  readonly locationId: string;
  readonly ghlContactId: string;
  readonly reason: Ambiguity;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly candidates: readonly Candidate[];
  readonly seenAt: Date;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: number | null;
  readonly contactId: number | null;
}

const SELECT = `
  select m.id, m.location_id as "locationId", m.ghl_contact_id as "ghlContactId", m.reason, m.name, m.email, m.phone,
         m.seen_at as "seenAt", m.resolved_at as "resolvedAt", m.resolved_by as "resolvedBy", m.contact_id as "contactId",
         coalesce((select jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'email', c.email,
                                                       'phoneNumber', c.phone_number) order by c.id)
                     from public.contacts c where c.account_id = m.account_id and c.id = any(m.candidate_ids)), '[]') as candidates
    from ghl.ambiguous_matches m`;

/** Matches that a person has to decide (`ghl.ambiguous_matches`). */
@Injectable()
export class AmbiguousMatches {
  constructor(private readonly database: DataSource) {}

  /** What was known of the contact before is forgotten, a decision included: it did not last. */
  async record(
    manager: EntityManager,
    { accountId, locationId }: Place,
    ghlContactId: string,
    fields: ContactFields,
    match: { readonly reason: Ambiguity; readonly candidateIds: readonly number[] },
  ): Promise<void> {
    await manager.query(
      `insert into ghl.ambiguous_matches (account_id, location_id, ghl_contact_id, reason, name, email, phone, candidate_ids)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (account_id, location_id, ghl_contact_id) do update
          set reason = excluded.reason, name = excluded.name, email = excluded.email, phone = excluded.phone,
              candidate_ids = excluded.candidate_ids, seen_at = now(), resolved_at = null, resolved_by = null,
              contact_id = null`,
      [
        accountId,
        locationId,
        ghlContactId,
        match.reason,
        clipText(joinName({ firstName: textOf(fields.firstName), lastName: textOf(fields.lastName) })),
        textOf(fields.email),
        textOf(fields.phone),
        match.candidateIds,
      ],
    );
  }

  /** Newest first. Those that have found their partner meanwhile, without a person, are not open any more. */
  async list(accountId: number, isResolved: boolean, { before, fetch }: Keyset): Promise<AmbiguousMatch[]> {
    return this.database.query<AmbiguousMatch[]>(
      `${SELECT}
        where m.account_id = $1 and (m.resolved_at is not null) = $2 and ($3::bigint is null or m.id < $3)
          and (m.resolved_at is not null or not exists (
                select from ghl.contact_links l
                 where l.account_id = m.account_id and l.location_id = m.location_id
                   and l.ghl_contact_id = m.ghl_contact_id))
        order by m.id desc limit $4`,
      [accountId, isResolved, before, fetch],
    );
  }

  async one(
    accountId: number,
    id: number,
    manager: EntityManager = this.database.manager,
  ): Promise<AmbiguousMatch | undefined> {
    const [match] = await manager.query<AmbiguousMatch[]>(`${SELECT} where m.account_id = $1 and m.id = $2`, [
      accountId,
      id,
    ]);
    return match;
  }

  async resolve(manager: EntityManager, id: number, userId: number, contactId: number): Promise<void> {
    await manager.query(
      'update ghl.ambiguous_matches set resolved_at = now(), resolved_by = $2, contact_id = $3 where id = $1',
      [id, userId, contactId],
    );
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? storableText(value) : undefined;
}
