import { readFileSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { ReportService } from "../../commands/shared/test-service.js";
import { getErrorMessage, KnockError } from "../../errors/knock-error.js";
import type { Output } from "../../output/output.js";
import { toSlashes } from "../../project/format-display-path.js";
import { findBuiltFile } from "../find-built-file.js";
import type { ProcessIO } from "../process-io.js";
import { appendJobSummary } from "../report-to-github.js";
import { writeFileAtomically } from "../write-file-atomically.js";

/** Creates the service of the reporters of `knock test`. `mode` is that of the files; the default is the system's. */
export function createReportService(io: ProcessIO, output: Output, mode?: number): ReportService {
  return {
    isGitHubActions: () => io.env.GITHUB_ACTIONS === "true",
    toWorkspacePath(path) {
      const { env, cwd } = io;
      const fromWorkspace = relative(env.GITHUB_WORKSPACE || cwd, resolve(cwd, path));
      const isOutside = isAbsolute(fromWorkspace) || fromWorkspace.split(sep)[0] === "..";
      return toSlashes(isOutside ? path : fromWorkspace);
    },
    appendJobSummary: (markdown) => appendJobSummary(markdown, io.env, output),
    readReportPage() {
      const file = findBuiltFile("report.html");
      if (file !== null) return readFileSync(file, "utf8");
      throw new KnockError("report_failed", "the page of the report is not built", { hint: "Run `npm run build`." });
    },
    writeReport(path, text) {
      try {
        writeFileAtomically(resolve(io.cwd, path), text, mode);
      } catch (error) {
        throw new KnockError("report_failed", `the report ${path} was not written: ${getErrorMessage(error)}`, {
          cause: error,
        });
      }
    },
  };
}
