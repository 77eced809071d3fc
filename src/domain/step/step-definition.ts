import type * as z from "zod/mini";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";
import type { ConditionGroup } from "../condition/condition.js";
import type { ConditionContext } from "../condition/parse-conditions.js";
import type { ReportFinding } from "../findings/report-finding.js";
import type { Step, StepBase, StepBranch } from "./step.js";
import type { WindowSettings } from "./window.js";

/** The parts of the surrounding workflow that a step's checks need. */
export interface StepCheckContext extends ConditionContext {
  refs: ReadonlySet<string>;
  /** The audience that starts runs of this workflow, or null (F-025). */
  triggerAudience: string | null;
}

/** The parts of a project that decide whether a setting of a step can have an effect. */
export interface ProjectReferences {
  hasSource(key: string): boolean;
  hasBroadcast(key: string): boolean;
}

/** A reference from a step to another document of the project, with the path of the name below the step. */
export interface StepReference {
  kind: "audience" | "guide" | "request";
  key: string;
  path: PropertyKey[];
  /** The type that the step needs of an audience. */
  audienceType?: "dynamic" | "static";
  /** The inputs that the step passes to a request. */
  inputs?: JsonObject;
}

/** The reasons of a step type's failures, where only the event of a failure is known. */
interface EventReasons {
  failed?: "render_error" | "fetch_error";
  halted?: "throttled";
}

/** A step type: its format, and everything else that the domain needs to know about it. */
export interface StepDefinition<S extends StepBase = StepBase> {
  /** The type with its article, such as "a delay". */
  label: string;
  /** Builds the schema of the step in a file. `steps` is the schema of the lists of steps inside it. */
  schema(steps: z.ZodMiniType): z.ZodMiniType;
  /** Whether the format has no conditions for this step type. Conditions in a file are then ignored. */
  ignoresConditions?: boolean;
  /** Reports findings that need the whole workflow, by paths below the step. The step itself may have findings. */
  check?(raw: JsonObject, report: ReportFinding, context: StepCheckContext): void;
  /** Returns the run-time step for a step of a file without findings. `steps` does the same for the steps inside it. */
  normalize(raw: never, base: StepBase, steps: (raw: unknown) => Step[]): S;
  /** Reports settings that have no effect, by paths below the step. */
  warn?(raw: JsonObject, warn: ReportFinding, project: ProjectReferences): void;
  /** The field that contains the lists of steps inside the step. */
  branchesField?: string;
  branches?(step: S): readonly StepBranch[];
  /** Describes a branch in words. `noun` and its number name a branch without a name. */
  describeBranch?(
    step: S,
    index: number,
  ): { noun: string; share: string | null; isDefault: boolean; conditions: ConditionGroup | null };
  /** Returns the key of the workflow that the step triggers, which may be a template. */
  getTriggeredWorkflow?(step: S): string;
  /** Whether the step can start runs of further recipients, also because changed users can join audiences. */
  canStartRuns?: boolean;
  /** Returns the codes of the reasons for which the step can end without its usual effect, besides its conditions. */
  listReasons?(step: S): readonly string[];
  /** Returns the parts of a step that are rendered with the run's scope, by their names. */
  templates?(step: S): Readonly<Record<string, unknown>>;
  /** Roots of the scope to which the step may add properties for later steps. */
  changedScopes?: readonly string[];
  /** Returns the properties that the step may add to its changed scopes. By default or if null, they are not known. */
  listAddedProperties?(step: S): readonly string[] | null;
  /** The path of the key below the step, by which runs are counted or collected: a path, or Liquid. */
  keyPath?: string;
  references?(step: S): StepReference[];
  /** The settings of the time until which the step waits or counts. */
  window?: WindowSettings;
  /** Returns the most important settings in a few words, such as `30 minutes`. Null if there is nothing to say. */
  summarize?(step: S): string | null;
  /** Whether the step's outcome is the outcome of its messages. */
  createsMessages?: boolean;
  /** Whether broadcasts can contain the step (E-396). */
  isAllowedInBroadcasts?: boolean;
  /** Returns the text after the arrow for a step that is done, or null if there is no result to show. */
  formatResult?(outcome: Readonly<Record<string, Json | undefined>>): string | null;
  /** The label for a waiting step that does not wait for a time, such as "for an event". */
  waitLabel?: string;
  eventReasons?: EventReasons;
}

/** The step in a file, as its schema describes it. */
export type RawStep<F extends (steps: z.ZodMiniType) => z.ZodMiniType> = z.output<ReturnType<F>>;

/**
 * Returns a step definition. Checks at compile time that its normalizer accepts the schema's output, and infers the
 * step's type.
 */
export function defineStep<S extends StepBase, Raw>(
  definition: Omit<StepDefinition<S>, "schema" | "normalize"> & {
    schema(steps: z.ZodMiniType): z.ZodMiniType<Raw>;
    normalize(raw: Raw, base: StepBase, steps: (raw: unknown) => Step[]): S;
  },
): StepDefinition<S> {
  return definition;
}

/** Returns the settings of a step in a file, which may have findings. */
export const getSettings = (raw: JsonObject): JsonObject => (isJsonObject(raw.settings) ? raw.settings : {});
