import { type CoreTable } from './core-table.js';

/** Accounts, people, credentials and configuration (DM 1). */
export const ACCOUNT_TABLES: readonly CoreTable[] = [
  {
    name: 'accounts',
    create: `create table public.accounts (
      id serial primary key,
      name varchar not null,
      created_at timestamp not null,
      updated_at timestamp not null,
      locale integer default 0,
      domain varchar(100),
      support_email varchar(100),
      feature_flags bigint not null default 0,
      auto_resolve_duration integer,
      limits jsonb default '{}',
      custom_attributes jsonb default '{}',
      status integer default 0,
      internal_attributes jsonb not null default '{}',
      settings jsonb default '{}'
    )`,
    indexes: ['create index index_accounts_on_status on public.accounts (status)'],
    // The sequences number an account's conversations and campaigns from 1 (DM 1, "Triggers").
    triggers: [
      `create function public.accounts_after_insert_row_tr() returns trigger language plpgsql as $$
      begin
        execute format('create sequence if not exists public.conv_dpid_seq_%s', new.id);
        return null;
      end $$`,
      `create trigger accounts_after_insert_row_tr after insert on public.accounts
        for each row execute function public.accounts_after_insert_row_tr()`,
      `create function public.camp_dpid_before_insert() returns trigger language plpgsql as $$
      begin
        execute format('create sequence if not exists public.camp_dpid_seq_%s', new.id);
        return null;
      end $$`,
      `create trigger camp_dpid_before_insert after insert on public.accounts
        for each row execute function public.camp_dpid_before_insert()`,
    ],
    beforeDrop: `do $$
      declare account integer;
      begin
        for account in select id from public.accounts loop
          execute format('drop sequence if exists public.conv_dpid_seq_%s, public.camp_dpid_seq_%s', account, account);
        end loop;
      end $$`,
    afterDrop: 'drop function public.accounts_after_insert_row_tr(), public.camp_dpid_before_insert()',
  },
  {
    name: 'users',
    create: `create table public.users (
      id serial primary key,
      provider varchar not null default 'email',
      uid varchar not null default '',
      encrypted_password varchar not null default '',
      reset_password_token varchar,
      reset_password_sent_at timestamp,
      remember_created_at timestamp,
      sign_in_count integer not null default 0,
      current_sign_in_at timestamp,
      last_sign_in_at timestamp,
      current_sign_in_ip varchar,
      last_sign_in_ip varchar,
      confirmation_token varchar,
      confirmed_at timestamp,
      confirmation_sent_at timestamp,
      unconfirmed_email varchar,
      name varchar not null,
      display_name varchar,
      email varchar,
      tokens json,
      created_at timestamp not null,
      updated_at timestamp not null,
      pubsub_token varchar,
      availability integer default 0,
      ui_settings jsonb default '{}',
      custom_attributes jsonb default '{}',
      type varchar,
      message_signature text,
      otp_secret varchar,
      consumed_timestep integer,
      otp_required_for_login boolean default false,
      otp_backup_codes text
    )`,
    indexes: [
      'create index index_users_on_email on public.users (email)',
      'create index index_users_on_otp_required_for_login on public.users (otp_required_for_login)',
      'create unique index index_users_on_otp_secret on public.users (otp_secret)',
      'create unique index index_users_on_pubsub_token on public.users (pubsub_token)',
      'create unique index index_users_on_reset_password_token on public.users (reset_password_token)',
      'create unique index index_users_on_uid_and_provider on public.users (uid, provider)',
    ],
  },
  {
    name: 'account_users',
    create: `create table public.account_users (
      id bigserial primary key,
      account_id bigint,
      user_id bigint,
      role integer default 0,
      inviter_id bigint,
      created_at timestamp(6) not null,
      updated_at timestamp(6) not null,
      active_at timestamp,
      availability integer not null default 0,
      auto_offline boolean not null default true,
      custom_role_id bigint,
      agent_capacity_policy_id bigint
    )`,
    indexes: [
      'create index index_account_users_on_account_id on public.account_users (account_id)',
      'create index index_account_users_on_agent_capacity_policy_id on public.account_users (agent_capacity_policy_id)',
      'create index index_account_users_on_custom_role_id on public.account_users (custom_role_id)',
      'create index index_account_users_on_user_id on public.account_users (user_id)',
      'create unique index uniq_user_id_per_account_id on public.account_users (account_id, user_id)',
    ],
  },
  {
    name: 'access_tokens',
    create: `create table public.access_tokens (
      id bigserial primary key,
      owner_type varchar,
      owner_id bigint,
      token varchar,
      created_at timestamp(6) not null,
      updated_at timestamp(6) not null
    )`,
    indexes: [
      'create index index_access_tokens_on_owner_type_and_owner_id on public.access_tokens (owner_type, owner_id)',
      'create unique index index_access_tokens_on_token on public.access_tokens (token)',
    ],
  },
  {
    name: 'installation_configs',
    create: `create table public.installation_configs (
      id bigserial primary key,
      name varchar not null,
      serialized_value jsonb not null default '{}',
      created_at timestamp(6) not null,
      updated_at timestamp(6) not null,
      locked boolean not null default true
    )`,
    indexes: [
      'create unique index index_installation_configs_on_name on public.installation_configs (name)',
      `create unique index index_installation_configs_on_name_and_created_at
        on public.installation_configs (name, created_at)`,
    ],
  },
  {
    name: 'integrations_hooks',
    create: `create table public.integrations_hooks (
      id bigserial primary key,
      status integer default 1,
      inbox_id integer,
      account_id integer,
      app_id varchar,
      hook_type integer default 0,
      reference_id varchar,
      access_token varchar,
      created_at timestamp(6) not null,
      updated_at timestamp(6) not null,
      settings jsonb default '{}'
    )`,
    indexes: [],
  },
];
