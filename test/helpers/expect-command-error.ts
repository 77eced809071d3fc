import { existsSync } from "node:fs";
import { expect } from "vitest";
import type { CommandResult, RunOptions, Sample } from "./run-knock.js";

/** The expected failure of a command: its exit code, its error's code, and a part of its message. */
export interface ExpectedError {
  exit: number;
  code: string;
  message: string | RegExp;
  /** Pointers that the error's details must include. */
  pointers?: string[];
}

/**
 * Runs a command with `--json` that must fail, and checks what every error must have (contract, section 4): its exit code,
 * one line, a hint, the same content as a document, no stack trace, and an unchanged store. Creates the store if necessary.
 */
export async function expectCommandError(
  sample: Sample,
  args: readonly string[],
  { exit, code, message, pointers = [] }: ExpectedError,
  options: RunOptions = {},
): Promise<CommandResult> {
  if (!existsSync(sample.path(".knock-local/store.db"))) await sample.openStore();
  const before = sample.storeDigest();
  const result = await sample.knock([...args, "--json"], options);
  const { stdout, stderr, exitCode } = result;
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: exit, stdout: "" });
  const lines = stderr.split("\n");
  expect(lines[0]).toMatch(/^error: \S/);
  if (typeof message === "string") expect(lines[0]).toContain(message);
  else expect(lines[0]).toMatch(message);
  expect(lines.at(-2)).toMatch(/^hint: \S/);
  expect(lines.slice(1, -2).every((line) => line.startsWith("  "))).toBe(true); // Only details are indented; there is no stack trace.
  expect(stderr).not.toMatch(/^\s+at /m);
  const error = result.error as { code: string; message: string; hint: string; details: { pointer: string }[] };
  expect(error).toMatchObject({
    code,
    message: lines[0]?.replace("error: ", ""),
    hint: lines.at(-2)?.replace("hint: ", ""),
  });
  expect(error.details.map(({ pointer }) => pointer)).toEqual(expect.arrayContaining(pointers));
  expect(sample.storeDigest()).toBe(before);
  return result;
}
