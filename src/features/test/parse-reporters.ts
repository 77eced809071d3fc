import { normalize } from "node:path";
import type { ReportFiles } from "../../commands/shared/report-files.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import type { ReportedFile, TestReport } from "../../scenarios/test-report.js";
import { didYouMean } from "../../util/find-nearest.js";
import type { Reporter, ReporterDefinition } from "./reporters/reporter.js";
import { REPORTER_NAMES, REPORTERS, type ReporterName, type SelectedReporter } from "./reporters/reporters.js";

function parseReporter(value: string): SelectedReporter {
  const [, name = "", file = null] = /^([^=]*)(?:=(.*))?$/s.exec(value) ?? [];
  const known = REPORTER_NAMES.find((reporter) => reporter === name);
  if (known === undefined)
    throw new KnockError("usage", `--reporter: there is no reporter "${name}"`, {
      hint: didYouMean(name, REPORTER_NAMES, "Reporters"),
    });
  if (file === "")
    throw new KnockError("usage", `--reporter: "${value}" has no file`, {
      hint: `Write --reporter ${name}=<file>, or --reporter ${name} for standard output.`,
    });
  if (file !== null && !REPORTERS[known].hasDocument)
    throw new KnockError("usage", `--reporter: ${name} writes no file`, { hint: `Write --reporter ${name}.` });
  return { name: known, file };
}

function printsToStandardOutput({ name, file }: SelectedReporter): boolean {
  return file === null && REPORTERS[name].hasDocument;
}

/** Returns the first value that occurs twice. */
function findDuplicate(values: readonly string[]): string | undefined {
  return values.find((value, index) => values.indexOf(value) !== index);
}

/**
 * Parses the values of `--reporter`. Without a reporter on standard output, results are printed for people, or as JSON
 * for `--json`. GitHub Actions gets annotations without being asked. Throws `usage` for unknown reporters, and if two of
 * them write to one file or to standard output.
 */
export function selectReporters(
  values: readonly string[],
  { isJson, isGitHubActions }: { isJson: boolean; isGitHubActions: boolean },
): SelectedReporter[] {
  const typed = values.map(parseReporter);
  const duplicate = findDuplicate(typed.flatMap(({ file }) => (file === null ? [] : [normalize(file)])));
  if (duplicate !== undefined)
    throw new KnockError("usage", `--reporter: two reporters write to ${duplicate}`, {
      hint: "Give each reporter a file of its own.",
    });
  const names = new Set<ReporterName>(typed.filter(printsToStandardOutput).map(({ name }) => name));
  if (isJson) names.add("json");
  if (names.size > 1)
    throw new KnockError("usage", `--reporter: ${[...names].join(" and ")} both print to standard output`, {
      hint: `Give one of them a file, such as --reporter ${[...names].find((name) => name !== "json") ?? "json"}=<file>.`,
    });
  if (names.size === 0) names.add("terminal");
  if (isGitHubActions || typed.some(({ name }) => name === "github")) names.add("github");
  return [...[...names].map((name) => ({ name, file: null })), ...typed.filter(({ file }) => file !== null)];
}

/** Returns whether one of the reporters needs the messages of each scenario. */
export function needDetails(selected: readonly SelectedReporter[]): boolean {
  return selected.some(({ name }) => {
    const definition: ReporterDefinition = REPORTERS[name];
    return definition.needsDetails === true;
  });
}

/** A reporter with the text that it has written to its file. */
interface OpenReporter extends SelectedReporter {
  reporter: Reporter;
  texts: string[];
}

/** Reports results of `knock test` with several reporters at once. */
export class Reporters {
  private constructor(
    private readonly open: readonly OpenReporter[],
    private readonly files: ReportFiles,
  ) {}

  static async open(selected: readonly SelectedReporter[], output: Output, files: ReportFiles): Promise<Reporters> {
    const open = selected.map(async ({ name, file }): Promise<OpenReporter> => {
      const createReporter = await REPORTERS[name].load();
      const texts: string[] = [];
      const toFile = { write: (text: string) => void texts.push(text) };
      const isColored = name === "terminal" && file === null;
      const ownOutput = isColored ? output : output.redirect(file === null ? undefined : toFile);
      return { name, file, texts, reporter: createReporter({ ...files, output: ownOutput }) };
    });
    return new Reporters(await Promise.all(open), files);
  }

  addFile(file: ReportedFile): void {
    for (const { reporter } of this.open) reporter.addFile?.(file);
  }

  /** Finishes all reports. Throws `report_failed` at the end if one of them could not be written. */
  async finish(report: TestReport): Promise<void> {
    const errors: KnockError[] = [];
    for (const { reporter, file, texts } of this.open) {
      try {
        await reporter.finish(report);
        if (file !== null) this.files.writeReport(file, texts.join(""));
      } catch (error) {
        if (!(error instanceof KnockError) || error.code !== "report_failed") throw error;
        errors.push(error);
      }
    }
    const [first] = errors;
    if (first === undefined) return;
    if (errors.length === 1) throw first;
    throw new KnockError("report_failed", `${errors.length} reports were not written`, {
      details: errors.map(({ message }) => ({ pointer: "", message })),
    });
  }
}
