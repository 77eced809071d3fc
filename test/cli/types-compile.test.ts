import { spawnSync } from "node:child_process";
import { describe, expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

/** The programs that check the syntax of generated files. `gofmt` also lists files that it would format, on standard output. */
const CHECKERS = [
  { program: "python3", args: ["-m", "py_compile"], file: "types.py" },
  { program: "gofmt", args: ["-e", "-l"], file: "types.go" },
  { program: "ruby", args: ["-c"], file: "types.rb" },
];

const isInstalled = (program: string): boolean =>
  (spawnSync(program, ["--version"], { stdio: "ignore" }).error as NodeJS.ErrnoException | undefined)?.code !==
  "ENOENT";

describe("the files of knock types", () => {
  for (const { program, args, file } of CHECKERS)
    it.skipIf(!isInstalled(program))(`have a syntax that ${program} accepts`, async ({ collab }) => {
      await collab.knock(["types", "--output-file", file]);
      const { status, stderr } = spawnSync(program, [...args, file], { cwd: collab.path("."), encoding: "utf8" });
      expect(stderr).toBe("");
      expect(status).toBe(0);
    });
});
