import type * as z from "zod/mini";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ConditionContext } from "../condition/parse-conditions.js";
import type { ReportFinding } from "../shape/report-finding.js";
import type { Step, StepBase, StepBranch } from "./step.js";

/** What a step's checks know of the workflow around it. */
export interface StepCheckContext extends ConditionContext {
  refs: ReadonlySet<string>;
  /** The audience that starts runs of this workflow, or null (F-025). */
  triggerAudience: string | null;
}

/** What of a project decides whether something in a step can have an effect. */
export interface ProjectReferences {
  hasSource(key: string): boolean;
  hasBroadcast(key: string): boolean;
}

/** Something else in the project that a step names, with the place of the name below the step. */
export interface StepReference {
  kind: "audience" | "guide" | "request";
  key: string;
  path: PropertyKey[];
  /** Of an audience: the type that the step needs. */
  audienceType?: "dynamic" | "static";
  /** Of a request: what the step passes to it. */
  inputs?: JsonObject;
}

/** What differs between the failures of a step type, where only its events are known. */
interface EventReasons {
  failed?: "render_error" | "fetch_error";
  halted?: "throttled";
}

/** A step type: its format, and what the rest of the domain must know of it. */
export interface StepDefinition<S extends StepBase = StepBase> {
  /** The type with its article, such as "a delay". */
  label: string;
  /** Builds the schema of the step in a file. `steps` is the schema of the lists of steps inside it. */
  schema(steps: z.ZodMiniType): z.ZodMiniType;
  /** Whether the format has no conditions for the step: those in a file are ignored. */
  ignoresConditions?: boolean;
  /** Reports faults that only the whole workflow shows, by paths below the step, which may have faults of its own. */
  check?(raw: JsonObject, report: ReportFinding, context: StepCheckContext): void;
  /** Returns the run-time step of a file's step without faults. `steps` does so for the steps inside it. */
  normalize(raw: never, base: StepBase, steps: (raw: unknown) => Step[]): S;
  /** Reports settings without effect, by paths below the step. */
  warn?(raw: JsonObject, warn: ReportFinding, project: ProjectReferences): void;
  /** The field with the lists of steps inside a step. */
  branchesField?: string;
  branches?(step: S): readonly StepBranch[];
  /** The parts of a step that are rendered with the run's scope, by their names. */
  templates?(step: S): Readonly<Record<string, unknown>>;
  /** Roots of the scope to which the step may add properties for those after it. */
  changedScopes?: readonly string[];
  references?(step: S): StepReference[];
  /** Whether the step's outcome is that of its messages. */
  createsMessages?: boolean;
  /** Whether broadcasts can have the step (E-396). */
  isAllowedInBroadcasts?: boolean;
  /** What a step that went on came to, as people read it after an arrow; null for nothing worth telling. */
  formatResult?(outcome: Readonly<Record<string, Json | undefined>>): string | null;
  /** What a waiting step waits for, unless for a time: "for an event". */
  waitLabel?: string;
  eventReasons?: EventReasons;
}

/** The step in a file, as its schema describes it. */
export type RawStep<F extends (steps: z.ZodMiniType) => z.ZodMiniType> = z.output<ReturnType<F>>;

/** Checks that a definition's normalizer takes what its schema describes, and infers the step from it. */
export function defineStep<S extends StepBase, Raw>(
  definition: Omit<StepDefinition<S>, "schema" | "normalize"> & {
    schema(steps: z.ZodMiniType): z.ZodMiniType<Raw>;
    normalize(raw: Raw, base: StepBase, steps: (raw: unknown) => Step[]): S;
  },
): StepDefinition<S> {
  return definition;
}

/** Returns the settings of a step in a file, which may have faults. */
export const getSettings = (raw: JsonObject): JsonObject => (isJsonObject(raw.settings) ? raw.settings : {});
