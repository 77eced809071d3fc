import { isAbsolute, relative, resolve, sep } from "node:path";
import type { ProcessIO } from "../../context/process-io.js";
import { readBuiltFile } from "../../context/read-built-file.js";
import { appendJobSummary } from "../../context/report-to-github.js";
import { writeFileAtomically } from "../../context/write-file-atomically.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { toSlashes } from "../../project/format-display-path.js";

/** The files and the CI system that reports are written to, in addition to the output. */
export type ReportFiles = ReturnType<typeof createReportFiles>;

/** Returns the text of the first element of a page, which has no attributes. */
function readElement(page: string, name: string): string {
  const start = page.indexOf(`<${name}>`) + name.length + 2;
  return page.slice(start, page.indexOf(`</${name}>`, start));
}

/** Returns the page of a report with the style and the script of the page of `knock dev`, which also shows reports. */
function insertBundle(report: string, page: string): string {
  return report
    .replace("/* style */", () => readElement(page, "style"))
    .replace("/* script */", () => readElement(page, "script"));
}

/** Creates the functions that write reports. `mode` is that of the files; the default is the system's. */
export function createReportFiles({ env, cwd }: ProcessIO, output: Output, mode?: number) {
  return {
    /** Whether GitHub Actions runs the command. */
    isGitHubActions: (): boolean => env.GITHUB_ACTIONS === "true",
    /** Returns a path relative to the repository that the CI job has checked out. */
    toWorkspacePath(path: string): string {
      const fromWorkspace = relative(env.GITHUB_WORKSPACE || env.CI_PROJECT_DIR || cwd, resolve(cwd, path));
      const isOutside = isAbsolute(fromWorkspace) || fromWorkspace.split(sep)[0] === "..";
      return toSlashes(isOutside ? path : fromWorkspace);
    },
    /** Appends Markdown to the job summary of GitHub Actions, if there is one. */
    appendJobSummary: (markdown: string): boolean => appendJobSummary(markdown, env, output),
    /** Returns the page of the `html` reporter, without results. Throws `report_failed` if there is no build. */
    readReportPage(): string {
      const [report, page] = [readBuiltFile("report.html"), readBuiltFile("page.html")];
      if (report !== null && page !== null) return insertBundle(report, page);
      throw new KnockError("report_failed", "the page of the report is not built", { hint: "Run `npm run build`." });
    },
    /** Writes a file atomically, and its folder if it does not exist. Throws `report_failed`. */
    writeReport(path: string, text: string): void {
      try {
        writeFileAtomically(resolve(cwd, path), text, mode);
      } catch (error) {
        throw new KnockError("report_failed", `the report ${path} was not written: ${getErrorMessage(error)}`, {
          cause: error,
        });
      }
    },
  };
}
