import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { installTools } from "../../../scripts/tools.mjs";
import { readFoundInputs, writeFoundInput } from "./run-fuzz-target.js";
import { TEXT_FORMATS } from "./text-formats.js";

/** Limits the time of one input and of one format, and the memory of the process. */
const MAX_INPUT_MILLISECONDS = 10_000;
const MAX_SECONDS = 45;
const MAX_MEMORY_MEGABYTES = 2_048;
const MAX_INPUT_BYTES = 2_000;

/** Returns an entry of libFuzzer's dictionary. */
function toDictionaryEntry(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`);
  return `"${bytes.join("")}"`;
}

/** Tries texts of one format that reach more and more of the code (Jazzer.js), which it instruments. */
export class GuidedFuzzer {
  private constructor(
    private readonly folder: string,
    private readonly program: string,
  ) {}

  /** Bundles the formats into one file, because only CommonJS is instrumented. */
  static async open(): Promise<GuidedFuzzer> {
    const folder = mkdtempSync(join(tmpdir(), "knock-guided-"));
    await build({
      entryPoints: [join(import.meta.dirname, "guided-target.ts")],
      outfile: join(folder, "guided-target.cjs"),
      bundle: true,
      platform: "node",
      format: "cjs",
      mainFields: ["module", "main"],
      logLevel: "error",
    });
    return new GuidedFuzzer(folder, join(await installTools("fuzzing"), "node_modules/@jazzer.js/core/dist/cli.js"));
  }

  /** Returns the number of inputs that were tried. Throws with the input that violates the rules of the format. */
  async run(name: string, runs: number, seed: number): Promise<number> {
    const corpus = join(this.folder, name);
    const artifacts = join(this.folder, `${name}-found`);
    for (const folder of [corpus, artifacts]) mkdirSync(folder);
    const { samples = [], parts = [] } = TEXT_FORMATS[name] ?? {};
    const known = [...samples, ...readFoundInputs(name).map(([, input]) => String(input))];
    for (const [index, text] of known.entries()) writeFileSync(join(corpus, `sample-${index}`), text);
    const dictionary = join(this.folder, `${name}.dict`);
    writeFileSync(dictionary, `${parts.map(toDictionaryEntry).join("\n")}\n`);
    const bundle = join(this.folder, "guided-target.cjs");
    const options = [
      `-runs=${runs}`,
      `-seed=${(seed % 2 ** 31) + 1}`,
      `-max_len=${MAX_INPUT_BYTES}`,
      `-max_total_time=${MAX_SECONDS}`,
      `-rss_limit_mb=${MAX_MEMORY_MEGABYTES}`,
      `-artifact_prefix=${artifacts}/`,
      `-dict=${dictionary}`,
      "-print_final_stats=1",
    ];
    const timeout = ["--timeout", String(MAX_INPUT_MILLISECONDS)];
    // Compiled templates contain the texts of their source as literals, so also the text that this detector looks for.
    const detectors = name === "liquid_text" ? ["--disable_bug_detectors", "remote-code-execution"] : [];
    const { all, exitCode } = await execa(
      process.execPath,
      [this.program, bundle, corpus, "-i", bundle, ...timeout, ...detectors, "--", ...options],
      {
        all: true,
        reject: false,
        timeout: (MAX_SECONDS + 120) * 1_000,
        env: { KNOCK_FUZZ_TARGET: name },
      },
    );
    const [artifact] = existsSync(artifacts) ? readdirSync(artifacts) : [];
    if (artifact !== undefined) {
      const path = writeFoundInput(name, readFileSync(join(artifacts, artifact), "utf8"));
      throw new Error(`${name}: an input was written to ${path}:\n${all.slice(-4_000)}`);
    }
    // The statistics at the end are sometimes cut off.
    const [, executed] = /number_of_executed_units: (\d+)/.exec(all) ?? /#(\d+)\tDONE/.exec(all) ?? [];
    if (exitCode !== 0 || executed === undefined) throw new Error(`${name}: exit ${exitCode}\n${all.slice(-4_000)}`);
    return Number(executed);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
