import { type Command, Option } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import {
  addBranchOption,
  addCommonOptions,
  addProjectFileOptions,
  type CommonFlags,
} from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import type { TypeLanguage, TypesReport } from "./types-report.js";
import { TYPE_LANGUAGES } from "./types-report-schema.js";

/** Prints the generated types, or what happened to their file. */
function printTypes(report: TypesReport, output: Output): void {
  const { verbosity, colors } = output;
  const { file, status, code, workflows } = report;
  if (verbosity.json) return output.json(report);
  if (file === null) return output.raw(code ?? "");
  if (status === "stale") {
    output.line(`${colors.red("✗")} ${file} is out of date`);
    output.note(`Run \`knock types --output-file ${file}\` and commit the file.`);
  } else if (!verbosity.quiet) {
    const count = `${workflows.length} ${workflows.length === 1 ? "workflow" : "workflows"}`;
    output.line(`${colors.green("✓")} ${file} ${status}: ${count}`);
  }
  if (verbosity.quiet || verbosity.verbose === false) return;
  for (const { workflow, type } of workflows) output.line(`  ${workflow}  ${type ?? "no JSON Schema"}`);
}

interface TypesFlags extends CommonFlags, TargetFlags {
  outputFile?: string;
  language?: TypeLanguage;
  check?: boolean;
}

const LANGUAGES_BY_EXTENSION: Readonly<Record<string, TypeLanguage>> = {
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  py: "python",
  go: "go",
  rb: "ruby",
};

export function registerTypes(program: Command, context: CommandContext): void {
  const command = program
    .command("types")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("Generate types of trigger data")
    .description(
      "Generate types from the JSON Schemas of the workflows' trigger data. The TypeScript file also exports a function that adds these types to `workflows.trigger` of @knocklabs/node.",
    )
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--output-file <path>", "write the types to this file (default: print them)")
    .addOption(
      new Option("--language <language>", "generate this language (default: by file name, or typescript)").choices(
        TYPE_LANGUAGES,
      ),
    )
    .option("--check", "write nothing, and exit 1 if the file is out of date");
  addExamples(addCommonOptions(addBranchOption(addProjectFileOptions(command)), "the name of each type"), [
    "knock types",
    "knock types --output-file src/knock-types.ts",
  ]).action((flags: TypesFlags) => runTypes(flags, context));
}

function getLanguage({ language, outputFile }: TypesFlags): TypeLanguage {
  if (language !== undefined) return language;
  if (outputFile === undefined) return "typescript";
  const extension = /\.(\w+)$/.exec(outputFile)?.[1]?.toLowerCase() ?? "";
  const found = Object.hasOwn(LANGUAGES_BY_EXTENSION, extension) ? LANGUAGES_BY_EXTENSION[extension] : undefined;
  if (found !== undefined) return found;
  throw new KnockError("usage", `--output-file: the language of ${outputFile} is unknown`, {
    hint: "Use a name that ends with .ts, .py, .go or .rb, or add --language.",
  });
}

async function runTypes(flags: TypesFlags, context: CommandContext): Promise<void> {
  const { outputFile: file = null, check = false } = flags;
  if (check && file === null)
    throw new KnockError("usage", "--check needs --output-file", {
      hint: "For example: knock types --output-file src/knock-types.ts --check",
    });
  const options = { language: getLanguage(flags), file, check };
  const project = await context.project.requireLocalFiles(flags);
  const { generateTypes } = await import("./generate-types.js");
  const report = await generateTypes(project, options, context.io.cwd);
  printTypes(report, context.output);
  if (report.status === "stale") context.setExitCode(EXIT.failure);
}
