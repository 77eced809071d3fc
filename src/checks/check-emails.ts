import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildUnidentifiedRecipient, type RecipientUpsert, toRecipientKey } from "../domain/recipient/recipient.js";
import { parsePathSegments } from "../domain/step-types/walk-steps.js";
import type { CheckFinding } from "../domain/validation/check-finding.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { compileWorkflow } from "../engine/compile/compile-workflow.js";
import { renderSampleEmails } from "../engine/run/render-sample-emails.js";
import type { Project } from "../project/open-project.js";
import type { ProjectFile } from "../project/read-project-text.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { checkEmail } from "./check-email.js";
import { collectSamples } from "./check-sample-data.js";
import type { EmailTools } from "./email-tools.js";
import { PAYLOADS_FOLDER, readPayloadData } from "./list-project-files.js";

interface EmailCheck {
  tools: EmailTools;
  project: Project;
  recipients: readonly RecipientUpsert[];
  /** Returns a file of the project. */
  toFile(...path: string[]): ProjectFile;
}

const getText = (value: unknown): string => (typeof value === "string" ? value : "");

/** A rendered email of a step. */
interface StepEmail extends Pick<EmailCheck, "tools"> {
  /** The path of the step's template. */
  path: string;
  template: JsonObject;
  content: JsonObject;
  isCommercial: boolean;
  /** Returns whether the project has a layout, so that the built-in one is not used. */
  hasLayout(key: string): boolean;
}

/** Returns the findings about one email, at the template of its step. */
export async function checkStepEmail(
  { path, template, content, isCommercial, hasLayout, tools }: StepEmail,
  sampleData: string,
  isDataComplete: boolean,
): Promise<CheckFinding[]> {
  const options = isJsonObject(template.settings) ? template.settings : {};
  const html = getText(content.html_body);
  const layout = getText(options.layout_key);
  const problems = checkEmail({
    html,
    isOwnDocument: layout === "" ? /<html/i.test(html) : hasLayout(layout),
    isDataComplete,
    previewText: getText(options.preview_text) || getText(template.preview_text),
    headers: isJsonObject(content.headers) ? Object.keys(content.headers) : [],
    isCommercial,
    sampleData,
  });
  problems.push(...(await tools.check(html)));
  return problems.map(({ code, message }) => ({ code, message, path: parsePathSegments(path) }));
}

/**
 * Renders the emails of a workflow or broadcast for the first recipient with an address, and returns the findings about them. A
 * workflow that cannot be compiled has none, because its errors are findings of their own.
 */
export async function checkEmails(
  workflow: Workflow,
  { project, recipients, toFile, tools }: EmailCheck,
): Promise<CheckFinding[]> {
  const compiled = await compileWorkflow(workflow, project).catch(() => null);
  if (compiled === null || compiled.sharedError !== null) return [];
  const { settings, trigger_data_json_schema: schema } = workflow;
  const hasLayout = (key: string): boolean => existsSync(toFile("layouts", key, "layout.json").path);
  const environment = await project.environment();
  const given = await readPayloadData(join(project.root, PAYLOADS_FOLDER), workflow);
  const recipient =
    recipients.find(({ properties }) => typeof properties.email === "string") ??
    buildUnidentifiedRecipient(toRecipientKey("reader"), 0);
  const data = given ?? collectSamples(schema);
  const sampleData = JSON.stringify([data, recipient, environment.variables]);
  const findings: CheckFinding[] = [];
  const sample = { compiled, environment, definitions: project, recipients, recipient, data };
  for (const email of await renderSampleEmails(sample)) {
    const { path, template } = email;
    if ("problem" in email) {
      const message = `was not checked: ${email.problem}`;
      findings.push({ code: "email_not_checked", message, path: parsePathSegments(path) });
      continue;
    }
    const rendered = { path, template, content: email.content, isCommercial: settings.is_commercial };
    findings.push(...(await checkStepEmail({ ...rendered, hasLayout, tools }, sampleData, given !== null)));
  }
  return findings;
}
