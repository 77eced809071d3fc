import { type Command, Option } from "commander";
import { printCreatedFiles } from "../../commands/shared/create-files.js";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { KnockError } from "../../errors/knock-error.js";
import { didYouMean } from "../../util/find-nearest.js";
import { AGENTS, CI_SERVICES, type InitOptions } from "./init-options.js";

interface InitFlags {
  ci?: InitOptions["ci"];
  agents?: string | true;
  force?: boolean;
}

/** Returns the agents that `--agents` names; none if it has no value. Throws `usage` for an unknown name. */
function parseAgents(names: string | true): NonNullable<InitOptions["agents"]> {
  if (names === true) return [];
  return names.split(",").map((word) => {
    const name = word.trim();
    const agent = AGENTS.find((known) => known === name);
    if (agent !== undefined) return agent;
    const hint = didYouMean(name, AGENTS, "Agents");
    // A folder after the option was probably meant as the argument.
    throw new KnockError("usage", `--agents: there is no agent ${JSON.stringify(name)}`, {
      hint: typeof hint === "string" ? `${hint} Put the folder of the project before --agents.` : hint,
    });
  });
}

export function registerInit(program: Command, { io, output }: CommandContext): void {
  const command = program
    .command("init")
    .argument("[folder]", "the folder of the project", ".")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Create a project, or add missing files")
    .description(
      "Create a project with a first workflow, or add missing files to an existing project. Files that exist already stay as they are, except the section of AGENTS.md that --agents writes.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .addOption(
      new Option(
        "--ci <service>",
        "add CI jobs that validate, test and review the project, and upload reports",
      ).choices(CI_SERVICES),
    )
    .option(
      "--agents [names]",
      `add a section to AGENTS.md, and the skill where coding agents look for it: ${AGENTS.join(", ")} (a,b) (default: those that the repository uses)`,
    )
    .option("--force", "replace files of the skill that differ from those of this version");
  addExamples(addCommonOptions(command), [
    "knock init",
    "knock init notifications",
    "knock init --ci github",
    "knock init --agents",
    "knock init --agents claude,codex",
  ]);
  command.action(async (folder: string, { ci = null, agents, force = false }: InitFlags) => {
    if (force && agents === undefined)
      throw new KnockError("usage", "--force replaces files of the skill, so it needs --agents", {
        hint: "Add --agents. Files of a project are never replaced.",
      });
    const options = { ci, agents: agents === undefined ? null : parseAgents(agents), force };
    const { initProject } = await import("./init-project.js");
    const { files, changed, kept, warnings, within, next } = await initProject(folder, io, options);
    for (const warning of warnings) output.warn(warning);
    if (output.verbosity.json) return output.json({ files, changed, kept });
    if (!output.verbosity.quiet) {
      printCreatedFiles(files, output, kept.length > 0 ? " added" : "");
      for (const file of changed) output.line(`${output.colors.green("✓")} ${file} changed`);
      for (const file of kept) output.line(output.colors.dim(`○ ${file} kept`));
    }
    if (files.length + changed.length === 0) output.note("all files already exist");
    if (within !== null)
      output.note(`note: ${within} also contains a project; commands in the new folder use the new project`);
    output.note(`Next: run \`${folder === "." ? "" : `cd ${folder} && `}${next}\``);
  });
}
