import { expect } from "vitest";
import { inProcessTest as it } from "../helpers/run-in-process.js";

it("deletes runs that ended long ago, and keeps those that wait", async ({ collab }) => {
  await collab.knock(["notify", "new-comment", "-r", "ada", "-r", "grace", "--set", "page=Home"]);
  await collab.knock(["clock", "advance", "1h"]);
  await collab.knock(["clock", "advance", "3d"]);
  await collab.knock(["notify", "new-comment", "-r", "ada", "--set", "page=Home"]);
  const prune = ["prune", "--older-than", "2d"];
  const counted = await collab.knock([...prune, "--dry-run", "--json"]);
  expect(counted.json).toMatchObject({ dry_run: true, recipient_runs: 2, workflow_runs: 1 });
  const deleted = await collab.knock(prune);
  expect(deleted.stdout).toMatch(/deleted runs that ended before .*\n {2}recipient runs {4}2\n/);
  expect((await collab.knock([...prune, "--json"])).json).toMatchObject({ recipient_runs: 0, messages: 0 });
  const runs = await collab.knock(["runs", "list", "--json"]);
  expect(runs.json.items).toHaveLength(1);
});

it("rejects an age of less than a day", async ({ collab }) => {
  const rejected = await collab.knock(["prune", "--older-than", "1h"]);
  expect(rejected.exitCode).toBe(2);
  expect(rejected.stderr).toContain("--older-than: 1h is less than 24h");
});
