import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkStepEmail } from "../../checks/check-emails.js";
import type { EmailTools } from "../../checks/email-tools.js";
import { listFiles } from "../../checks/list-project-files.js";
import { buildValidationReport } from "../../checks/project-finding.js";
import { readSilencers } from "../../checks/read-silencers.js";
import type { Environment } from "../../domain/environment/environment.js";
import { hasTrait } from "../../domain/message/channel-types.js";
import { walkChannelSteps } from "../../domain/step-types/walk-steps.js";
import type { LocatedFinding } from "../../domain/validation/located-finding.js";
import type { Workflow } from "../../domain/workflow/workflow.js";
import { formatDisplayPath } from "../../project/format-display-path.js";
import type { Project } from "../../project/open-project.js";
import { type ProjectFile, readProjectText } from "../../project/read-project-text.js";
import type { FinishedFile } from "../../scenarios/run-file.js";
import type { EmailReport, ScenarioMessage } from "../../scenarios/test-report.js";

type EmailFinding = EmailReport["findings"][number];

interface EmailCheckContext {
  project: Project;
  workflows: readonly Workflow[];
  environment: Environment;
  cwd: string;
  severity: EmailFinding["severity"];
  tools: EmailTools;
}

/** The step that sent a message, with the path of its template. */
interface EmailStep {
  workflow: Workflow;
  template: ScenarioMessage["content"];
  path: string;
}

function findStep(workflows: readonly Workflow[], message: ScenarioMessage): EmailStep | null {
  const workflow = workflows.find(({ key }) => key === message.workflow);
  for (const { step, path } of workflow === undefined ? [] : walkChannelSteps(workflow.steps))
    if (step.ref === message.step && workflow !== undefined)
      return { workflow, template: step.template ?? {}, path: `${path}.template` };
  return null;
}

/** Returns the texts that may contain links of sample data: the recipients files and the variables. */
function readSampleData({ project, environment }: EmailCheckContext): string {
  const folder = join(project.knockDir, "recipients");
  const recipients = listFiles(folder, ".json").map((name) => readProjectText(join(folder, name), name));
  return [JSON.stringify(environment.variables), ...recipients].join("\n");
}

/**
 * Checks the emails that scenarios sent. Emails with the same problem at the same template are one finding. Emails of steps
 * that only a branch or a changed file of a scenario has are not checked.
 */
export async function checkScenarioEmails(
  files: readonly FinishedFile[],
  context: EmailCheckContext,
): Promise<EmailReport> {
  const { project, workflows, cwd, severity, tools } = context;
  const { locateFindings } = await import("../../project/add-file-locations.js");
  const shared = readSampleData(context);
  const hasLayout = (key: string): boolean => existsSync(join(project.knockDir, "layouts", key, "layout.json"));
  const toFile = (key: string): ProjectFile => {
    const path = join(project.knockDir, "workflows", key, "workflow.json");
    return { path, displayPath: formatDisplayPath(cwd, path) };
  };
  const located: LocatedFinding[] = [];
  const messagesByFinding = new Map<string, EmailFinding["messages"]>();
  const getKey = ({ code, file, pointer, message }: LocatedFinding): string =>
    JSON.stringify([code, file, pointer, message]);
  let checked = 0;
  for (const { file, outcome } of files) {
    const sampleData = `${shared}\n${readProjectText(file.path, file.displayPath, "scenario_invalid")}`;
    for (const [index, messages] of outcome.messages.entries()) {
      const scenario = outcome.reported.scenarios[index]?.name ?? "";
      for (const message of messages) {
        const step = hasTrait(message.channel.type, "hasLayout") ? findStep(workflows, message) : null;
        if (step === null) continue;
        checked++;
        const { workflow, template, path } = step;
        const isCommercial = workflow.settings.is_commercial;
        const email = { path, template, content: message.content, isCommercial, hasLayout, tools };
        const found = await checkStepEmail(email, sampleData, true);
        for (const finding of await locateFindings(toFile(workflow.key), found)) {
          const known = messagesByFinding.get(getKey(finding)) ?? [];
          if (known.length === 0) located.push(finding);
          known.push({ file: file.displayPath, scenario, to: message.to, message_id: message.id });
          messagesByFinding.set(getKey(finding), known);
        }
      }
    }
  }
  const { findings, silenced } = buildValidationReport(located, {
    files: 0,
    silencers: await readSilencers(project, cwd),
    isExpected: () => false,
  });
  return {
    findings: findings.map((finding) => ({
      ...finding,
      severity,
      messages: messagesByFinding.get(getKey(finding)) ?? [],
    })),
    silenced: silenced.length,
    checked,
  };
}
