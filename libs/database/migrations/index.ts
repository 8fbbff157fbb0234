import { CoreTables1795000000001 } from './1795000000001-core-tables.js';
import { SyncTables1795000000002 } from './1795000000002-sync-tables.js';
import { DeskflowColumns1795000000003 } from './1795000000003-deskflow-columns.js';
import { ContactChangeCapture1795000000004 } from './1795000000004-contact-change-capture.js';
import { DeskflowIndexes1795000000005 } from './1795000000005-deskflow-indexes.js';
import { AuditEvents1795000000006 } from './1795000000006-audit-events.js';
import { InboxHistory1795000000007 } from './1795000000007-inbox-history.js';
import { TokenLifecycle1795000000008 } from './1795000000008-token-lifecycle.js';
import { ReconcileRequests1795000000009 } from './1795000000009-reconcile-requests.js';
import { SyncConflicts1795000000011 } from './1795000000011-sync-conflicts.js';
import { RemoteDeletions1795000000012 } from './1795000000012-remote-deletions.js';
import { ContactImports1795000000013 } from './1795000000013-contact-imports.js';
import { Reconciliations1795000000014 } from './1795000000014-reconciliations.js';
import { ContactSyncState1795000000015 } from './1795000000015-contact-sync-state.js';
import { OutboxRetention1795000000016 } from './1795000000016-outbox-retention.js';
import { FieldMappings1795000000017 } from './1795000000017-field-mappings.js';
import { AmbiguousMatches1795000000018 } from './1795000000018-ambiguous-matches.js';
import { PushTraces1795000000019 } from './1795000000019-push-traces.js';
import { SyncCounts1795000000020 } from './1795000000020-sync-counts.js';
import { IntakeJournal1795000000021 } from './1795000000021-intake-journal.js';
import { OutboxTroubles1795000000024 } from './1795000000024-outbox-troubles.js';
import { Sso1795000000025 } from './1795000000025-sso.js';
import { CaptureByStatement1795000000026 } from './1795000000026-capture-by-statement.js';

/** In the order in which they run. */
export const MIGRATIONS = [
  CoreTables1795000000001,
  SyncTables1795000000002,
  DeskflowColumns1795000000003,
  ContactChangeCapture1795000000004,
  DeskflowIndexes1795000000005,
  AuditEvents1795000000006,
  InboxHistory1795000000007,
  TokenLifecycle1795000000008,
  ReconcileRequests1795000000009,
  SyncConflicts1795000000011,
  RemoteDeletions1795000000012,
  ContactImports1795000000013,
  Reconciliations1795000000014,
  ContactSyncState1795000000015,
  OutboxRetention1795000000016,
  FieldMappings1795000000017,
  AmbiguousMatches1795000000018,
  PushTraces1795000000019,
  SyncCounts1795000000020,
  IntakeJournal1795000000021,
  OutboxTroubles1795000000024,
  Sso1795000000025,
  CaptureByStatement1795000000026,
];
