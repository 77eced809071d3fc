import type { Environment } from "../domain/environment/environment.js";
import { isAboutUnknownKey } from "../domain/findings/describe-finding.js";
import type { LocatedFinding } from "../domain/validation/located-finding.js";
import type { ProjectLocation } from "../project/find-project.js";
import { formatDisplayPath } from "../project/format-display-path.js";
import type { Project } from "../project/open-project.js";
import { listEnvironmentFiles } from "../project/read-environment.js";
import { readProjectJson } from "../project/read-project-text.js";
import { isJsonObject, type Json } from "../util/json.js";
import type { FindingCollector } from "./finding-collector.js";

const listKeys = (value: Json | undefined): string[] => (isJsonObject(value) ? Object.keys(value) : []);

/** Returns whether a whole section, which other files may refer to, is invalid or misspelled. */
const isAboutSection = ({ pointer, message }: LocatedFinding): boolean =>
  ["", "/channels", "/channel_groups", "/variables"].includes(pointer) || isAboutUnknownKey({ message });

/**
 * Returns whether an environment whose invalid parts were left out still has all channels, channel groups and variables of its
 * files. Otherwise, other files would seem to name what does not exist. `findings` are about the invalid parts.
 */
export async function hasAllNames(
  { channels, channel_groups, variables, secret_references }: Environment,
  { knockDir, environmentName }: ProjectLocation,
  { cwd, findings }: { cwd: string; findings: readonly LocatedFinding[] },
): Promise<boolean> {
  if (findings.some(isAboutSection)) return false;
  const displayPath = (path: string): string => formatDisplayPath(cwd, path);
  for (const file of listEnvironmentFiles({ knockDir, name: environmentName ?? null, displayPath })) {
    const document = await readProjectJson(file.path, file.displayPath);
    if (!isJsonObject(document)) return false;
    const named = { channels, channel_groups, variables: { ...variables, ...secret_references } };
    for (const [section, known] of Object.entries(named))
      if (listKeys(document[section]).some((key) => !Object.hasOwn(known, key))) return false;
  }
  return true;
}

/**
 * Checks what does not depend on the names in an environment that lacks some: the format of recipients and of workflows, apart
 * from the types of channels. The project's reads report errors to the collector.
 */
export async function checkFormats(
  project: Project,
  workflowKeys: readonly string[],
  collector: FindingCollector,
): Promise<void> {
  await collector.tryRead(collector.displayPath("recipients"), () => project.readChangedRecipients(new Map()));
  // Without an environment, each workflow would have its error.
  if ((await project.environment().catch(() => null)) === null) return;
  for (const key of workflowKeys) {
    const { displayPath } = collector.toProjectFile("workflows", key, "workflow.json");
    await collector.tryRead(displayPath, () => project.workflow(key));
    collector.add(...project.getWorkflowFindings(key));
  }
  collector.drop(({ code, pointer }) => code === "undeclared_channel" || pointer.endsWith("/channel_type"));
}
