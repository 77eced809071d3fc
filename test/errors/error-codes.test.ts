import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { PROGRAM } from "../../src/app/program.js";
import { ENVIRONMENT_VARIABLES } from "../../src/commands/shared/environment-variables.js";
import type { CommandContext } from "../../src/context/command-context.js";
import { REASON_CHECKS } from "../../src/domain/run/reason-checks.js";
import { ERROR_CODES, EXIT } from "../../src/errors/error-codes.js";
import { ERROR_EXPLANATIONS } from "../../src/errors/error-explanations.js";
import { EXIT_CODE_MEANINGS } from "../../src/errors/exit-code-meanings.js";

/** Options that every command has, and that commander therefore does not list. */
const COMMON_OPTIONS = ["--help", "--version"];

async function createProgram(): Promise<Command> {
  const program = new Command("knock");
  for (const load of Object.values(PROGRAM.commands)) (await load())(program, {} as CommandContext);
  return program;
}

/** Returns the problems of a command line: an unknown command, subcommand or option. */
function findProblems(line: string, program: Command): string[] {
  const words = line
    .replaceAll(/'[^']*'/g, "x")
    .split(" ")
    .slice(1);
  if (words.length === 0 || words[0]?.startsWith("--")) return [];
  const command = program.commands.find((candidate) => candidate.name() === words[0]);
  if (command === undefined) return [`no command: ${line}`];
  const subcommand = command.commands.find((candidate) => candidate.name() === words[1]);
  if (command.commands.length > 0 && subcommand === undefined) return [`no subcommand: ${line}`];
  const known = [...COMMON_OPTIONS, ...(subcommand ?? command).options.flatMap(({ long, short }) => [long, short])];
  return words.filter((word) => word.startsWith("-") && !known.includes(word)).map((word) => `${word}: ${line}`);
}

describe("error codes", () => {
  it.each(Object.entries(ERROR_EXPLANATIONS))("explains %s in sentences", (_code, { meaning, causes, fix }) => {
    expect(causes.length).toBeGreaterThan(0);
    expect(fix.length).toBeGreaterThan(0);
    for (const sentence of [meaning, ...causes, ...fix]) expect(sentence).toMatch(/^[A-Z`].*[.)]`?\.?$/);
  });

  it("explains each code and each exit code", () => {
    expect(Object.keys(ERROR_EXPLANATIONS).sort()).toEqual(Object.keys(ERROR_CODES).sort());
    expect(Object.keys(EXIT_CODE_MEANINGS)).toEqual(Object.keys(EXIT));
  });

  it("names only commands and flags that exist", async () => {
    const program = await createProgram();
    const texts = [
      ...Object.values(ERROR_EXPLANATIONS).flatMap(({ meaning, causes, fix }) => [meaning, ...causes, ...fix]),
      ...Object.values(EXIT_CODE_MEANINGS),
      ...Object.values(REASON_CHECKS),
      ...ENVIRONMENT_VARIABLES.map(({ meaning }) => meaning),
    ];
    const lines = texts.flatMap((text) => [...text.matchAll(/`(knock [^`]+)`/g)].map(([, line]) => line as string));
    expect(lines.length).toBeGreaterThan(30);
    expect(lines.flatMap((line) => findProblems(line, program))).toEqual([]);
    const flags = new Set(texts.flatMap((text) => text.match(/(?<![\w-])--[a-z][a-z-]+/g) ?? []));
    const known = new Set([
      ...COMMON_OPTIONS,
      ...program.commands
        .flatMap((command) => [command, ...command.commands])
        .flatMap(({ options }) => options.map(({ long }) => long)),
    ]);
    expect([...flags].filter((flag) => !known.has(flag))).toEqual([]);
  });
});
