import type { SourceRequest } from "../domain/trigger/source.js";
import type { ActionOutcome, NewSourceEvent, SourceReceipt, SourceView } from "../domain/trigger/source-receipt.js";
import type { Paged, PageRequest } from "./page-request.js";

/** A project's sources over an engine (section 29 of the catalogue). */
export interface SourceOperations {
  list(): Promise<SourceView[]>;
  /**
   * Takes an event in. Throws `resource_missing` for an unknown source, `project_invalid` for a broken one, `authentication` for a
   * request over HTTP whose signature does not match.
   */
  receive(key: string, request: SourceRequest): Promise<SourceReceipt>;
  /** Lists events, the newest first. Throws `resource_missing` for a source that neither a file nor an event names. */
  listEvents(key: string | null, page: PageRequest): Promise<Paged<SourceReceipt>>;
}

export interface SourceLog {
  /** Logs an event; false where its key was taken by an event of the source and type within 24 h: then it is logged as a replay. */
  begin(event: NewSourceEvent, now: number, realNow: number): Promise<boolean>;
  /** `isSuccess`: its key is taken from now on (E-386). */
  finish(id: string, actions: readonly ActionOutcome[], isSuccess: boolean): Promise<void>;
  list(source: string | null, page: PageRequest): Promise<Paged<SourceReceipt>>;
  clear(): Promise<void>;
}
