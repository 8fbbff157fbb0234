import type { EventState } from '../api/schema';
import type { Tone } from './UiBadge.vue';

/** How each state of an event looks. */
export const EVENT_TONES: Record<EventState, Tone> = {
  pending: 'info',
  processing: 'info',
  done: 'success',
  ignored: 'neutral',
  failed: 'warning',
  dead: 'danger',
  parked: 'warning',
};
