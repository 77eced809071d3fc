import { useRef } from "preact/hooks";
import type { JsonObject } from "../../util/json.js";
import { useResource } from "../lib/use-resource.js";

/** An event of a run or of one of its messages. */
export interface Moment {
  id: string;
  at: string;
  event: string;
  is_error: boolean;
  step_ref: string | null;
  detail: string | null;
}

/** A run as it was at a moment. */
export interface MomentState {
  id: string;
  run: JsonObject;
  messages: JsonObject[];
  variables: JsonObject;
  /** The recipient, actor or tenant of which only today's state is known. */
  changed: { name: string; updated_at: string }[];
  unknown_data: string[];
  is_batch_unknown: boolean;
}

export interface Moments {
  /** Null until they are read. */
  items: Moment[] | null;
  /** Null for the present. */
  state: MomentState | null;
  fault: string | null;
}

/** Reads the moments of a run, and its state at the chosen one. The last response stays until the next one. */
export function useMoments(run: string, moment: string | null): Moments {
  const search = moment === null ? "" : `?moment=${encodeURIComponent(moment)}`;
  const path = `page/runs/${encodeURIComponent(run)}/moments${search}`;
  const { value, fault } = useResource<Pick<Moments, "items" | "state">>(path);
  const last = useRef<typeof value>(null);
  if (value !== null) last.current = value;
  return { items: last.current?.items ?? null, state: moment === null ? null : (last.current?.state ?? null), fault };
}
