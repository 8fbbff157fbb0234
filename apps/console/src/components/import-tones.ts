import type { ImportDto } from '../api/schema';
import type { Tone } from './UiBadge.vue';

/** How each state of an import looks. */
export const IMPORT_TONES: Record<ImportDto['state'], Tone> = {
  queued: 'info',
  running: 'info',
  paused: 'warning',
  completed: 'success',
  cancelled: 'neutral',
  failed: 'danger',
};
