import type {
  ActionOutcome,
  EarlierSourceEvent,
  NewSourceEvent,
  SourceReceipt,
} from "../../domain/trigger/source-receipt.js";

export interface SourceEventRow {
  row: number;
  state: EarlierSourceEvent["state"];
  event: string;
  actions: string;
}

/** The bytes of an event in `FROM source_events`. */
export const SOURCE_EVENT_BYTES = "octet_length(event) + octet_length(actions)";

export function toSourceReceipt({ state, event, actions }: SourceEventRow): SourceReceipt {
  return {
    ...(JSON.parse(event) as NewSourceEvent),
    replayed: state === "replay",
    actions: JSON.parse(actions) as ActionOutcome[],
  };
}
