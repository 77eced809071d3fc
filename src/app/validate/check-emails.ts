import type { Environment } from "../../domain/environment/environment.js";
import { buildUnidentifiedRecipient, type RecipientUpsert, toRecipientKey } from "../../domain/recipient/recipient.js";
import { parsePathSegments } from "../../domain/steps/walk-steps.js";
import type { CheckFinding } from "../../domain/validation/check-finding.js";
import { buildSampleData } from "../../domain/validation/check-sample-data.js";
import { checkEmail } from "../../emails/check-email.js";
import { renderSampleEmails } from "../../engine/run/render-sample-emails.js";
import type { CompiledWorkflow } from "../../engine/workflow/compiled-workflow.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { EmailTools } from "../emails/email-tools.js";

interface EmailCheck {
  tools: EmailTools;
  compiled: CompiledWorkflow;
  environment: Environment;
  recipients: readonly RecipientUpsert[];
  /** The data of a trigger; null for samples from the schema. */
  data: JsonObject | null;
  /** Returns whether the project has a layout, so that the built-in one is not used. */
  hasLayout(key: string): boolean;
}

const getText = (value: unknown): string => (typeof value === "string" ? value : "");

/** A rendered email of a step. */
interface StepEmail extends Pick<EmailCheck, "hasLayout" | "tools"> {
  /** The path of the step's template. */
  path: string;
  template: JsonObject;
  content: JsonObject;
  isCommercial: boolean;
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

/** Renders the emails of a workflow for the first recipient with an address, and returns the findings about them. */
export async function checkEmails({
  compiled,
  environment,
  recipients,
  data: given,
  hasLayout,
  tools,
}: EmailCheck): Promise<CheckFinding[]> {
  const { settings, trigger_data_json_schema: schema } = compiled.workflow;
  const recipient =
    recipients.find(({ properties }) => typeof properties.email === "string") ??
    buildUnidentifiedRecipient(toRecipientKey("reader"), 0);
  const data = given ?? buildSampleData(schema);
  const sampleData = JSON.stringify([data, recipient, environment.variables]);
  const findings: CheckFinding[] = [];
  for (const { path, template, content } of renderSampleEmails(compiled, environment, recipient, data)) {
    const email = { path, template, content, hasLayout, tools, isCommercial: settings.is_commercial };
    findings.push(...(await checkStepEmail(email, sampleData, given !== null)));
  }
  return findings;
}
