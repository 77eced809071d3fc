import type { EmailLayout } from "../domain/template/email-layout.js";
import type { TemplatePartial } from "../domain/template/template-partial.js";
import type { Workflow } from "../domain/workflow/workflow.js";

export interface PreviewOptions {
  /** Throws `resource_missing` if there is no such branch. */
  branch?: string | undefined;
  /** Content that is not saved. It takes precedence over files with the same key. */
  drafts?: { workflow?: Workflow; emailLayout?: EmailLayout; partial?: TemplatePartial };
}
