import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { registerNotify } from "../../src/app/register-notify.js";
import { ENVIRONMENT_VARIABLES } from "../../src/commands/shared/environment-variables.js";
import type { CommandContext } from "../../src/context/command-context.js";
import { registerPlan } from "../../src/features/account/plan-command.js";

const ROOT = resolve(import.meta.dirname, "../..");

function readSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

describe("environment variables", () => {
  const sources = [...readSources(join(ROOT, "src")), readFileSync(join(ROOT, "bin/knock.js"), "utf8")].join("\n");
  const readNames = new Set(
    [...sources.matchAll(/\benv(?:\.|\[")([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => name as string),
  );

  it("are all in the table", () => {
    const names = ENVIRONMENT_VARIABLES.map(({ name }) => name);
    expect([...readNames].filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(ENVIRONMENT_VARIABLES)("reads $name, and its flag exists", ({ name, flag, readBy }) => {
    expect(readNames.has(name)).toBe(readBy === undefined);
    if (flag === undefined) return;
    const program = new Command();
    for (const register of [registerNotify, registerPlan]) register(program, {} as CommandContext);
    expect(program.commands.flatMap(({ options }) => options.map(({ long }) => long))).toContain(flag);
  });
});
