import { type CoreTable } from './core-table.js';

/** Conversations and messages (DM 1). */
export const CONVERSATION_TABLES: readonly CoreTable[] = [
  {
    name: 'conversations',
    create: `create table public.conversations (
      id serial primary key,
      account_id integer not null,
      inbox_id integer not null,
      status integer not null default 0,
      assignee_id integer,
      created_at timestamp not null,
      updated_at timestamp not null,
      contact_id bigint,
      display_id integer not null,
      contact_last_seen_at timestamp,
      agent_last_seen_at timestamp,
      additional_attributes jsonb default '{}',
      contact_inbox_id bigint,
      uuid uuid not null default gen_random_uuid(),
      identifier varchar,
      last_activity_at timestamp not null default current_timestamp,
      team_id bigint,
      campaign_id bigint,
      snoozed_until timestamp,
      custom_attributes jsonb default '{}',
      assignee_last_seen_at timestamp,
      first_reply_created_at timestamp,
      priority integer,
      sla_policy_id bigint,
      waiting_since timestamp(6),
      cached_label_list text,
      assignee_agent_bot_id bigint
    )`,
    indexes: [
      `create index conv_acid_inbid_stat_asgnid_idx
        on public.conversations (account_id, inbox_id, status, assignee_id)`,
      'create index index_conversations_on_account_id on public.conversations (account_id)',
      `create unique index index_conversations_on_account_id_and_display_id
        on public.conversations (account_id, display_id)`,
      'create index index_conversations_on_assignee_id_and_account_id on public.conversations (assignee_id, account_id)',
      'create index index_conversations_on_campaign_id on public.conversations (campaign_id)',
      'create index index_conversations_on_contact_id on public.conversations (contact_id)',
      'create index index_conversations_on_contact_inbox_id on public.conversations (contact_inbox_id)',
      'create index index_conversations_on_first_reply_created_at on public.conversations (first_reply_created_at)',
      'create index index_conversations_on_id_and_account_id on public.conversations (account_id, id)',
      'create index index_conversations_on_identifier_and_account_id on public.conversations (identifier, account_id)',
      'create index index_conversations_on_inbox_id on public.conversations (inbox_id)',
      'create index index_conversations_on_priority on public.conversations (priority)',
      'create index index_conversations_on_status_and_account_id on public.conversations (status, account_id)',
      'create index index_conversations_on_status_and_priority on public.conversations (status, priority)',
      'create index index_conversations_on_team_id on public.conversations (team_id)',
      'create unique index index_conversations_on_uuid on public.conversations (uuid)',
      'create index index_conversations_on_waiting_since on public.conversations (waiting_since)',
    ],
    triggers: [
      `create function public.conversations_before_insert_row_tr() returns trigger language plpgsql as $$
      begin
        new.display_id := nextval('public.conv_dpid_seq_' || new.account_id);
        return new;
      end $$`,
      `create trigger conversations_before_insert_row_tr before insert on public.conversations
        for each row execute function public.conversations_before_insert_row_tr()`,
    ],
    afterDrop: 'drop function public.conversations_before_insert_row_tr()',
  },
  {
    name: 'messages',
    create: `create table public.messages (
      id serial primary key,
      content text,
      account_id integer not null,
      inbox_id integer not null,
      conversation_id integer not null,
      message_type integer not null,
      created_at timestamp not null,
      updated_at timestamp not null,
      private boolean not null default false,
      status integer default 0,
      source_id text,
      content_type integer not null default 0,
      content_attributes json default '{}',
      sender_type varchar,
      sender_id bigint,
      external_source_ids jsonb default '{}',
      additional_attributes jsonb default '{}',
      processed_message_content text,
      sentiment jsonb default '{}'
    )`,
    indexes: [
      'create index idx_messages_account_content_created on public.messages (account_id, content_type, created_at)',
      'create index index_messages_on_account_created_type on public.messages (account_id, created_at, message_type)',
      'create index index_messages_on_account_id on public.messages (account_id)',
      'create index index_messages_on_account_id_and_inbox_id on public.messages (account_id, inbox_id)',
      `create index index_messages_on_additional_attributes_campaign_id
        on public.messages using gin ((additional_attributes -> 'campaign_id'))`,
      `create index index_messages_on_conversation_account_type_created
        on public.messages (conversation_id, account_id, message_type, created_at)`,
      'create index index_messages_on_conversation_id on public.messages (conversation_id)',
      'create index index_messages_on_created_at on public.messages (created_at)',
      'create index index_messages_on_inbox_id on public.messages (inbox_id)',
      'create index index_messages_on_sender_type_and_sender_id on public.messages (sender_type, sender_id)',
      'create index index_messages_on_source_id on public.messages (source_id)',
    ],
    trigramIndexes: [
      'create index index_messages_on_content on public.messages using gin (content gin_trgm_ops)',
    ],
  },
];
