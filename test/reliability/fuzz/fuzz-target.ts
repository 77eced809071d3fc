import type fc from "fast-check";
import { ERROR_CODES } from "../../../src/errors/error-codes.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { Output } from "../../../src/output/output.js";
import { printError } from "../../../src/output/print-error.js";

/** A part of the program that reads untrusted data. */
export interface FuzzTarget<Input = unknown> {
  /** The name of the target in reports, and of its folder in `found/`. */
  name: string;
  /** Inputs in the long form. */
  runs: number;
  /** Inputs in the short form. */
  shortRuns: number;
  /** The inputs, which can be written as JSON. */
  inputs: fc.Arbitrary<Input>;
  /** Limits the time of one input, in milliseconds of CPU time. Default: {@link DEFAULT_MAX_MILLISECONDS}. */
  maxMilliseconds?: number;
  open(): Promise<OpenFuzzTarget<Input>>;
}

export interface OpenFuzzTarget<Input = unknown> {
  /** Throws if an input has neither a documented error nor a correct result. */
  check(input: Input): void | Promise<void>;
  close?(): Promise<void>;
}

export const DEFAULT_MAX_MILLISECONDS = 1_000;

/** Characters that must not reach a terminal: C0 except line feed and tab, DEL, C1 and bidirectional controls. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the fuzzer searches for control characters
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** Throws if a text would control a terminal that it is printed on. */
export function checkPrintable(text: string): void {
  const match = CONTROLS.exec(text);
  if (match !== null)
    throw new Error(`unescaped control character in ${JSON.stringify(text.slice(Math.max(0, match.index - 60)))}`);
}

/** Prints errors as the command does, and checks what reaches the terminal. */
export class ErrorChecker {
  private text = "";
  private constructor(private readonly output: Output) {}

  static async open(): Promise<ErrorChecker> {
    const append = (text: string): void => {
      checker.text += text;
    };
    const stream = { isTTY: false, write: append, writeAsync: async (text: string) => append(text) };
    const checker = new ErrorChecker(await Output.open({ stdout: stream, stderr: stream, env: {} }));
    checker.output.verbosity = { json: true, quiet: false, verbose: false };
    return checker;
  }

  /** Throws an error again unless it is documented and can be printed. */
  check(error: unknown): asserts error is KnockError {
    if (!(error instanceof KnockError) || !(error.code in ERROR_CODES) || ERROR_CODES[error.code].exit === 70)
      throw error;
    if (error.message === "") throw new Error(`an error ${error.code} without a message`, { cause: error });
    this.text = "";
    printError(error, this.output, false);
    checkPrintable(this.text);
    const document = JSON.parse(this.text.trimEnd().split("\n").at(-1) ?? "") as { error: { code: string } };
    if (document.error.code !== error.code) throw new Error(`printed as ${document.error.code}`, { cause: error });
  }

  /** Returns the result of a function, or undefined if it throws a documented error. */
  attempt<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.check(error);
      return undefined;
    }
  }

  /** Returns the result of an asynchronous function, or undefined if it throws a documented error. */
  async attemptAsync<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      this.check(error);
      return undefined;
    }
  }
}
