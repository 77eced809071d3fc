import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";

interface Clock {
  now: string;
  frozen: boolean;
  offset_ms: number;
  next_due_at: string | null;
}

interface Live {
  connected: boolean;
  clock: Clock | null;
  /** The emulator's time less the machine's; where it is frozen, its time. */
  now(): number;
  /** Grows with every change that the emulator tells of: what is shown is to be read anew. */
  version: number;
}

/** Where the stream ended for good, it is opened again after this long. */
const RETRY_MS = 1_000;

const IDLE: Live = { connected: false, clock: null, now: Date.now, version: 0 };

export const LiveContext = createContext<Live>(IDLE);
export const useLive = (): Live => useContext(LiveContext);

function createTimeReader(clock: Clock): () => number {
  const clockTime = Date.parse(clock.now);
  const at = Date.now();
  return clock.frozen ? () => clockTime : () => clockTime + Date.now() - at;
}

/**
 * Follows the emulator's changes. A page that is not seen does not: browsers allow few streams to one host, and each open
 * page would hold one.
 */
export function useLiveChanges(): Live {
  const [live, setLive] = useState(IDLE);
  useEffect(() => {
    let source: EventSource | null = null;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const close = (): void => {
      clearTimeout(retry);
      source?.close();
      source = null;
    };
    const open = (): void => {
      close();
      source = new EventSource("/__knock/events");
      source.addEventListener("change", (event) => {
        const clock = JSON.parse((event as MessageEvent<string>).data) as Clock;
        setLive(({ version }) => ({ connected: true, clock, now: createTimeReader(clock), version: version + 1 }));
      });
      source.onerror = () => {
        setLive((before) => (before.connected ? { ...before, connected: false } : before));
        if (source?.readyState !== EventSource.CLOSED) return; // it comes back by itself
        retry = setTimeout(open, RETRY_MS);
      };
    };
    const follow = (): void => (document.hidden ? close() : open());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      close();
    };
  }, []);
  return live;
}

/** Draws again now and then, so that "3m ago" stays true. */
export function useTick(milliseconds: number): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
