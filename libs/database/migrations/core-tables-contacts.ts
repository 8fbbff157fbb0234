import { type CoreTable } from './core-table.js';

/** Contacts, the inboxes they write to, and their labels (DM 1). */
export const CONTACT_TABLES: readonly CoreTable[] = [
  {
    name: 'contacts',
    create: `create table public.contacts (
      id serial primary key,
      name varchar default '',
      email varchar,
      phone_number varchar,
      account_id integer not null,
      created_at timestamp not null,
      updated_at timestamp not null,
      additional_attributes jsonb default '{}',
      identifier varchar,
      custom_attributes jsonb default '{}',
      last_activity_at timestamp,
      contact_type integer default 0,
      middle_name varchar default '',
      last_name varchar default '',
      location varchar default '',
      country_code varchar default '',
      blocked boolean not null default false,
      company_id bigint
    )`,
    indexes: [
      'create index index_contacts_on_account_id on public.contacts (account_id)',
      'create index index_contacts_on_account_id_and_contact_type on public.contacts (account_id, contact_type)',
      `create index index_contacts_on_account_id_and_last_activity_at
        on public.contacts (account_id, last_activity_at desc nulls last)`,
      'create index index_contacts_on_blocked on public.contacts (blocked)',
      'create index index_contacts_on_company_id on public.contacts (company_id)',
      'create index index_contacts_on_lower_email_account_id on public.contacts (lower(email), account_id)',
      `create index index_contacts_on_nonempty_fields on public.contacts (account_id, email, phone_number, identifier)
        where email <> '' or phone_number <> '' or identifier <> ''`,
      'create index index_contacts_on_phone_number_and_account_id on public.contacts (phone_number, account_id)',
      `create index index_resolved_contact_account_id on public.contacts (account_id)
        where email <> '' or phone_number <> '' or identifier <> ''`,
      'create unique index uniq_email_per_account_contact on public.contacts (email, account_id)',
      'create unique index uniq_identifier_per_account_contact on public.contacts (identifier, account_id)',
    ],
    trigramIndexes: [
      `create index index_contacts_on_name_email_phone_number_identifier on public.contacts
        using gin (name gin_trgm_ops, email gin_trgm_ops, phone_number gin_trgm_ops, identifier gin_trgm_ops)`,
    ],
  },
  {
    name: 'inboxes',
    create: `create table public.inboxes (
      id serial primary key,
      channel_id integer not null,
      account_id integer not null,
      name varchar not null,
      created_at timestamp not null,
      updated_at timestamp not null,
      channel_type varchar,
      enable_auto_assignment boolean default true,
      greeting_enabled boolean default false,
      greeting_message varchar,
      email_address varchar,
      working_hours_enabled boolean default false,
      out_of_office_message varchar,
      timezone varchar default 'UTC',
      enable_email_collect boolean default true,
      csat_survey_enabled boolean default false,
      allow_messages_after_resolved boolean default true,
      auto_assignment_config jsonb default '{}',
      lock_to_single_conversation boolean not null default false,
      portal_id bigint,
      sender_name_type integer not null default 0,
      business_name varchar,
      csat_config jsonb not null default '{}'
    )`,
    indexes: [
      'create index index_inboxes_on_account_id on public.inboxes (account_id)',
      'create index index_inboxes_on_channel_id_and_channel_type on public.inboxes (channel_id, channel_type)',
      'create index index_inboxes_on_portal_id on public.inboxes (portal_id)',
    ],
  },
  {
    name: 'contact_inboxes',
    create: `create table public.contact_inboxes (
      id bigserial primary key,
      contact_id bigint,
      inbox_id bigint,
      source_id text not null,
      created_at timestamp(6) not null,
      updated_at timestamp(6) not null,
      hmac_verified boolean default false,
      pubsub_token varchar
    )`,
    indexes: [
      'create index index_contact_inboxes_on_contact_id on public.contact_inboxes (contact_id)',
      'create index index_contact_inboxes_on_inbox_id on public.contact_inboxes (inbox_id)',
      `create unique index index_contact_inboxes_on_inbox_id_and_source_id
        on public.contact_inboxes (inbox_id, source_id)`,
      'create unique index index_contact_inboxes_on_pubsub_token on public.contact_inboxes (pubsub_token)',
      'create index index_contact_inboxes_on_source_id on public.contact_inboxes (source_id)',
    ],
  },
  {
    name: 'labels',
    create: `create table public.labels (
      id bigserial primary key,
      title varchar,
      description text,
      color varchar not null default '#1f93ff',
      show_on_sidebar boolean,
      account_id bigint,
      created_at timestamp(6) not null,
      updated_at timestamp(6) not null
    )`,
    indexes: [
      'create index index_labels_on_account_id on public.labels (account_id)',
      'create unique index index_labels_on_title_and_account_id on public.labels (title, account_id)',
    ],
  },
  {
    name: 'tags',
    create: `create table public.tags (
      id serial primary key,
      name varchar,
      taggings_count integer default 0
    )`,
    indexes: ['create unique index index_tags_on_name on public.tags (name)'],
    trigramIndexes: ['create index tags_name_trgm_idx on public.tags using gin (lower(name) gin_trgm_ops)'],
  },
  {
    name: 'taggings',
    create: `create table public.taggings (
      id serial primary key,
      tag_id integer,
      taggable_type varchar,
      taggable_id integer,
      tagger_type varchar,
      tagger_id integer,
      context varchar(128),
      created_at timestamp
    )`,
    indexes: [
      'create index index_taggings_on_context on public.taggings (context)',
      'create index index_taggings_on_tag_id on public.taggings (tag_id)',
      'create index index_taggings_on_taggable_id on public.taggings (taggable_id)',
      `create index index_taggings_on_taggable_id_and_taggable_type_and_context
        on public.taggings (taggable_id, taggable_type, context)`,
      'create index index_taggings_on_taggable_type on public.taggings (taggable_type)',
      'create index index_taggings_on_tagger_id on public.taggings (tagger_id)',
      'create index index_taggings_on_tagger_id_and_tagger_type on public.taggings (tagger_id, tagger_type)',
      `create unique index taggings_idx
        on public.taggings (tag_id, taggable_id, taggable_type, context, tagger_id, tagger_type)`,
      'create index taggings_idy on public.taggings (taggable_id, taggable_type, tagger_id, context)',
    ],
  },
];
