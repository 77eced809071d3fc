import type { Audience } from "../domain/audience/audience.js";
import type { Environment } from "../domain/environment/environment.js";
import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import type { Translations } from "../domain/template/translation.js";
import type { SharedRequest } from "../domain/workflow/shared-request.js";
import type { Workflow } from "../domain/workflow/workflow.js";

/** Where workflows and the environment come from: a project folder, or a test. Read fresh, so that changes apply. */
export interface Definitions {
  /** The committed workflow, or null if there is none of that key. */
  workflow(key: string): Promise<Workflow | null>;
  workflowKeys(): Promise<string[]>;
  environment(): Promise<Environment>;
  audiences(): Promise<Audience[]>;
  /** Null if there is none of that key. Layouts and partials are no part of a workflow's version (T-101). */
  emailLayout(key: string): Promise<EmailLayout | null>;
  partial(key: string): Promise<TemplatePartial | null>;
  /** A request that fetch steps share (E-305): read anew, as partials are. Null if there is none of that key. */
  request(key: string): Promise<SharedRequest | null>;
  /** Asked for only where a template translates. */
  translations(): Promise<Translations>;
  /** The same as a branch has them, itself for the branch it is; null where there is no such branch. */
  branch?(slug: string): Definitions | null;
  /** The branches that have files of their own. */
  branches?(): string[];
}
