import type { FaultBody } from "../domain/request/helper-bodies.js";
import type { LocalOperations } from "../ports/operations.js";
import type { SourceOperations } from "../ports/source-service.js";
import type { StoreSnapshot } from "../ports/store-control.js";
import type { SavedFaults } from "../providers/faults.js";
import type { MessageReader } from "./check-messages.js";
import type { Given } from "./scenario-schema.js";

/** The names in a project that scenarios refer to. */
export interface ScenarioNames {
  /** Returns the refs of a workflow's steps; null if there is no such workflow. Rejects if the workflow cannot be read. */
  listStepNames(workflow: string): Promise<string[] | null>;
  listWorkflowKeys(): Promise<string[]>;
  /** Returns whether a channel has this key, or a channel type has this name. */
  hasChannelName(name: string): Promise<boolean>;
  listChannelNames(): Promise<string[]>;
  /** Returns the steps that send messages, of all workflows that can be read. */
  listChannelSteps(): Promise<NamedChannelStep[]>;
  /** Returns the recipients of the recipients files; null if they are unknown. */
  listRecipientNames(): Promise<string[] | null>;
  /** Returns whether a step of workflows can start runs of recipients that only its templates name. */
  canAddRecipients(workflows: readonly string[]): Promise<boolean>;
}

/** A step that sends messages. `channels` are the names that its channel has in filters; null if they are unknown. */
export interface NamedChannelStep {
  workflow: string;
  ref: string;
  channels: string[] | null;
}

/** All that a target has done so far: its data and clock, its failures and its IDs. */
export interface SavedTarget {
  store: StoreSnapshot;
  faults: SavedFaults;
  idPosition: number;
}

/** An embedded engine of one scenario: its own data, clock, IDs and settings. */
export interface ScenarioTarget {
  readonly names: ScenarioNames;
  readonly operations: LocalOperations;
  readonly sources: SourceOperations;
  readonly reader: MessageReader;
  /** Makes deliveries fail. Throws `scenario_invalid` for an unknown channel. */
  addFailure(failure: FaultBody): Promise<void>;
  /** Changes a file of the project, for this scenario only. */
  writeFile(path: string, content: string): Promise<void>;
  /** Returns the names that expectations may contain. */
  listNames(): Promise<ExpectableNames>;
  /** Throws `scenario_invalid` if a step made a request without a declared response, which the scenario does not allow. */
  checkRequests(): void;
  save(): Promise<SavedTarget>;
  /** Returns to what was saved, in this target or in an earlier one of the same project. */
  restore(saved: SavedTarget): Promise<void>;
  close(): Promise<void>;
}

/** The names in a project's files. */
export interface ExpectableNames {
  workflows: string[];
  /** The refs of all steps of all workflows. */
  steps: string[];
  channels: { key: string; type: string }[];
}

/** Opens the engine of a scenario on an empty store with the project's recipients files. */
export type OpenScenarioTarget = (given: Given) => Promise<ScenarioTarget>;
