import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NewFile } from "../../commands/shared/create-files.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import { findPackageFolder } from "../../util/find-package-folder.js";
import { buildAgentsSection, updateAgentsFile } from "./agents-section.js";
import type { CiProject } from "./ci-project.js";
import type { AGENTS } from "./init-options.js";

const AGENTS_FILE = "AGENTS.md";
/** The folder of skills that Codex, Cursor, Copilot, Gemini CLI and others read, and that of Claude Code, which reads no other. */
const SKILL_FOLDERS = { common: ".agents/skills/knock", claude: ".claude/skills/knock" } as const;

interface AgentFiles {
  files: NewFile[];
  kept: string[];
  /** Existing files with their new texts. */
  changed: [path: string, content: string][];
  warnings: string[];
}

/** Returns the folders of the skill. Claude Code has its own if it is named, or if the repository has files for it. */
function listSkillFolders(repository: string, agents: readonly (typeof AGENTS)[number][]): string[] {
  const usesClaude =
    agents.length > 0
      ? agents.includes("claude")
      : [".claude", "CLAUDE.md"].some((name) => existsSync(join(repository, name)));
  const usesCommon = agents.length === 0 || agents.some((name) => name !== "claude");
  return [...(usesCommon ? [SKILL_FOLDERS.common] : []), ...(usesClaude ? [SKILL_FOLDERS.claude] : [])];
}

/** Returns the files of the skill in the package, by path in its folder. */
function readSkill(): [name: string, content: string][] {
  const folder = join(findPackageFolder(), "skills/knock");
  const references = readdirSync(join(folder, "references")).map((name) => `references/${name}`);
  return ["SKILL.md", ...references].map((name) => [name, readFileSync(join(folder, name), "utf8")]);
}

/** Returns the text of an existing file, or null if it does not exist. Throws `project_invalid` if it cannot be read. */
function readExisting(path: string, displayPath: (path: string) => string): string | null {
  if (!existsSync(path)) return null;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new KnockError("project_invalid", `${displayPath(path)} could not be read: ${getErrorMessage(error)}`, {
      hint: "Make it a readable file, or remove it. Nothing was changed.",
      cause: error,
    });
  }
}

/**
 * Returns the section of AGENTS.md and the copies of the skill that a repository needs. Files of the skill that differ from those of
 * this version are kept unless `force` is set. Throws `project_invalid` for an AGENTS.md whose markers are wrong.
 */
export function planAgentFiles(
  { repository, folder }: CiProject,
  agents: readonly (typeof AGENTS)[number][],
  force: boolean,
  displayPath: (path: string) => string,
): AgentFiles {
  const plan: AgentFiles = { files: [], kept: [], changed: [], warnings: [] };
  /** Returns whether the file will have the content. */
  const add = (path: string, content: string, canReplace: boolean): boolean => {
    const existing = readExisting(path, displayPath);
    const isDifferent = existing !== null && existing !== content;
    if (existing === null) plan.files.push([path, content]);
    else if (isDifferent && canReplace) plan.changed.push([path, content]);
    else plan.kept.push(path);
    return !isDifferent || canReplace;
  };
  const folders = listSkillFolders(repository, agents);
  const agentsFile = join(repository, AGENTS_FILE);
  const text = readExisting(agentsFile, displayPath) ?? "";
  const section = buildAgentsSection(folder, `${folders[0]}/SKILL.md`);
  add(agentsFile, updateAgentsFile(text, section, folder, displayPath(agentsFile)), true);
  for (const skillFolder of folders) {
    const outdated = readSkill().filter(([name, content]) => !add(join(repository, skillFolder, name), content, force));
    if (outdated.length > 0)
      plan.warnings.push(
        `${displayPath(join(repository, skillFolder))} differs from the skill of this version and was kept: ${outdated.map(([name]) => name).join(", ")}. Add --force to replace these files.`,
      );
  }
  return plan;
}
