import { EventSourceParserStream } from 'eventsource-parser/stream';
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import type { Api } from '../api/client';
import { ApiFailure } from '../api/failure';
import type { ImportDto } from '../api/schema';

/** A stream ends after ten minutes, and with the process that served it. */
const CONNECT_AGAIN_MS = 2_000;

const ENDED: readonly ImportDto['state'][] = ['completed', 'cancelled', 'failed'];

export function hasEnded({ state }: ImportDto): boolean {
  return ENDED.includes(state);
}

/**
 * Follows an import by Server-Sent Events, and connects again until it has ended. `EventSource` cannot send
 * credentials in a header, and an address is no place for them.
 * @param importId undefined: nothing to follow
 * @param onChange told of each state that arrives
 */
export function useImportProgress(
  api: Api,
  accountId: Ref<number>,
  importId: Ref<number | undefined>,
  onChange: (progress: ImportDto) => void,
): { failure: Ref<ApiFailure | undefined> } {
  const failure = shallowRef<ApiFailure>();
  let following: AbortController | undefined;

  async function follow(id: number, { signal }: AbortController): Promise<void> {
    let isOver = false;
    while (!signal.aborted && !isOver) {
      try {
        const path = `/api/v1/accounts/${accountId.value}/integrations/ghl/imports/${id}/events`;
        const { body } = await api.raw(path, { signal, headers: { accept: 'text/event-stream' } });
        failure.value = undefined;
        if (body) isOver = await read(body);
      } catch (error) {
        if (signal.aborted) return;
        failure.value = error instanceof ApiFailure ? error : ApiFailure.unreachable();
      }
      if (!isOver) await new Promise((resolve) => window.setTimeout(resolve, CONNECT_AGAIN_MS));
    }
  }

  /** @returns whether the import has ended */
  async function read(body: ReadableStream<BufferSource>): Promise<boolean> {
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    const reader = events.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (next.value.event !== 'progress') continue;
      const progress = JSON.parse(next.value.data) as ImportDto;
      onChange(progress);
      if (hasEnded(progress)) return true;
    }
    return false;
  }

  watch(
    importId,
    (id) => {
      following?.abort();
      if (id === undefined) return;
      following = new AbortController();
      void follow(id, following);
    },
    { immediate: true },
  );
  onScopeDispose(() => following?.abort());
  return { failure };
}
