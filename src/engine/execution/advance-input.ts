import type { MessageStatuses } from "../../domain/message/message.js";
import type { BatchContent } from "../../domain/run/batch-continuations.js";
import type { Signal } from "../../domain/run/run-wait.js";
import type { IdSource } from "../../util/ids.js";
import type { RunParties, ScopeInput } from "../context/build-scope.js";
import type { EngineContext } from "../context/engine-context.js";
import type { RenderPart } from "../liquid/limit-rendering.js";
import type { CompiledWorkflow } from "../workflow/compiled-workflow.js";

/** Everything that an advance reads: the run with its recipient, actor and tenant, its earlier messages, and the time. */
export interface AdvanceInput extends Omit<ScopeInput, "workflow" | "batch" | "preferences"> {
  compiled: CompiledWorkflow;
  /** The messages that the run created before, oldest first. */
  messages: readonly MessageStatuses[];
  now: number;
  ids: IdSource;
  /** Whether the workflow no longer exists or is not active: the run ends instead of continuing (E-020, E-023). */
  isUnavailable: boolean;
  /** Whether the recipient has already used up a once-only workflow (E-068). */
  alreadyTriggered: boolean;
  /** The batch that the run keeps open or continued with, or null. */
  batch: BatchContent | null;
  /** The events that the run received while it waited for one, oldest first. */
  signals: readonly Signal[];
  /** The results of the steps' queries, by ref. */
  queryResults: ReadonlyMap<string, unknown>;
  /** Receives the type of a step and the seconds that it took. Absent if nothing measures steps. */
  onStep?: ((type: string, seconds: number) => void) | undefined;
  /** Executes a step or evaluates conditions. Absent if all parts of the advance share a time limit. */
  renderPart?: RenderPart;
}

const NO_QUERY_RESULTS: ReadonlyMap<string, unknown> = new Map();

/** The fields of an input that each caller gives, and those that a run has later than at its first advance. */
type InputFields = Pick<AdvanceInput, "recipients" | "run" | "recipientRun" | "environment" | "compiled" | "now"> &
  Partial<
    Pick<AdvanceInput, "linkKey" | "schedule" | "messages" | "batch" | "signals" | "isUnavailable" | "alreadyTriggered">
  >;

/** Builds the input of an advance. All fields are named, because V8 advances objects of one shape faster. */
export function buildAdvanceInput(
  { ids, onStep }: Pick<EngineContext<unknown>, "ids" | "onStep">,
  { recipient, actor, tenant, subscribedObject }: RunParties,
  fields: InputFields,
): AdvanceInput {
  return {
    recipient,
    actor,
    tenant,
    subscribedObject,
    recipients: fields.recipients,
    run: fields.run,
    recipientRun: fields.recipientRun,
    environment: fields.environment,
    linkKey: fields.linkKey ?? null,
    schedule: fields.schedule,
    compiled: fields.compiled,
    messages: fields.messages ?? [],
    batch: fields.batch ?? null,
    signals: fields.signals ?? [],
    now: fields.now,
    ids,
    isUnavailable: fields.isUnavailable ?? false,
    alreadyTriggered: fields.alreadyTriggered ?? false,
    queryResults: NO_QUERY_RESULTS,
    onStep,
  };
}
