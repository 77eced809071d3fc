import type { Audience } from "../domain/audience/audience.js";
import type { Environment } from "../domain/environment/environment.js";
import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import type { Translations } from "../domain/template/translation.js";
import type { SharedRequest } from "../domain/workflow/shared-request.js";
import type { Workflow } from "../domain/workflow/workflow.js";

/** Receives the result of a condition in a message template, by the path of its text and its number in the text. */
export type OnTemplateCondition = (
  workflow: string,
  fieldPath: string,
  condition: { index: number; label: string; result: boolean },
) => void;

/**
 * The source of workflows and the environment: a project folder, or a test. It is read on each call, so that changes of
 * files apply immediately.
 */
export interface Definitions {
  /** Returns the workflow on disk, or null if the key is unknown. */
  workflow(key: string): Promise<Workflow | null>;
  workflowKeys(): Promise<string[]>;
  environment(): Promise<Environment>;
  audiences(): Promise<Audience[]>;
  /** Returns null if the key is unknown. Layouts and partials are not part of a workflow's version (T-101). */
  emailLayout(key: string): Promise<EmailLayout | null>;
  partial(key: string): Promise<TemplatePartial | null>;
  /**
   * Returns a request that fetch steps share (E-305), or null if the key is unknown. It is read each time, as partials
   * are.
   */
  request(key: string): Promise<SharedRequest | null>;
  /** Reads the translations. Called only if a template translates. */
  translations(): Promise<Translations>;
  /**
   * Returns the definitions of a branch, or null if there is no such branch. For the branch itself, returns these
   * definitions.
   */
  branch?(slug: string): Definitions | null;
  /** Lists the branches that have files of their own. */
  branches?(): string[];
  /** Set only to measure the coverage of tests: conditions are then evaluated more slowly. */
  onTemplateCondition?: OnTemplateCondition;
}
