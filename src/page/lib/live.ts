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
  /** Returns the emulator's current time in milliseconds, which stays the same while the clock is frozen. */
  now(): number;
  /** Increases with every change that the emulator reports, after which displayed data must be read again. */
  version: number;
}

/** The time after which a stream that ended permanently is opened again. */
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
 * Follows the emulator's changes while the page is visible. Browsers limit the number of streams to one host, and every
 * open page would use one.
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
        if (source?.readyState !== EventSource.CLOSED) return; // the browser reconnects
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

/** Renders again at an interval, so that a text such as "3m ago" stays correct. */
export function useTick(milliseconds: number): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
}
