import type { SourceRequest } from "../domain/trigger/source.js";
import type { ActionOutcome, NewSourceEvent, SourceReceipt, SourceView } from "../domain/trigger/source-receipt.js";
import type { Paged, PageRequest } from "./page-request.js";

/** The sources of a project, processed by the engine (section 29 of the catalog). */
export interface SourceOperations {
  list(): Promise<SourceView[]>;
  /** Returns whether the source verifies the signature of each request. Throws `project_invalid` for an invalid one. */
  isVerified(key: string): Promise<boolean>;
  /**
   * Processes an event. Throws `resource_missing` for an unknown source, `project_invalid` for an invalid one, and
   * `authentication` for an HTTP request whose signature does not match. `onContinued` receives the IDs of the recipient
   * runs that waited for the event.
   */
  receive(
    key: string,
    request: SourceRequest,
    onContinued?: (recipientRunIds: readonly string[]) => void,
  ): Promise<SourceReceipt>;
  /** Lists events, newest first. Throws `resource_missing` for a source that neither a file nor an event names. */
  listEvents(key: string | null, page: PageRequest): Promise<Paged<SourceReceipt>>;
}

export interface SourceLog {
  /**
   * Logs an event. Returns false if an event of the same source and type has used its key within 24 h; then the event
   * is logged as a replay. `now` is the time of the store's clock. An event in progress holds its key for a limited real time.
   */
  begin(event: NewSourceEvent, now: number): Promise<boolean>;
  /** Records the outcome of an event. With `isSuccess`, later events with its key are replays (E-386). */
  finish(id: string, actions: readonly ActionOutcome[], isSuccess: boolean): Promise<void>;
  list(source: string | null, page: PageRequest): Promise<Paged<SourceReceipt>>;
  clear(): Promise<void>;
}
