import { existsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { describe, expect } from "vitest";
import {
  formatInvite,
  bulkTest as it,
  notifyFile as notify,
  readRecipients,
  TRIGGER_JOURNAL,
  writeLines,
} from "../helpers/bulk-case.js";
import { type ReceivedTrigger, respondWithError } from "../helpers/trigger-api.js";

const toLines = (count: number): string[] => Array.from({ length: count }, (_, index) => formatInvite(`u${index}`));
const getName = ({ body }: ReceivedTrigger): unknown => (body.recipients as unknown[])[0];

describe.concurrent("the requests of a file of triggers", () => {
  it("are retried up to six times", async ({ collab, api }) => {
    writeLines(collab, ["ada", "grace", "lin"].map(formatInvite));
    const attempts = (name: string): number => api.received.filter((trigger) => getName(trigger) === name).length;
    const failures: Record<string, number> = { grace: 6, lin: 7 };
    api.intercept = (trigger, response) => {
      const name = String(getName(trigger));
      return attempts(name) <= (failures[name] ?? 0) && respondWithError(response, 503, { "retry-after-ms": "1" });
    };
    const { exitCode, stderr } = await notify(collab, api, ["--concurrency", "1"]);
    expect(readRecipients(api)).toEqual(["ada", "grace"]);
    expect([attempts("grace"), attempts("lin")]).toEqual([7, 7]);
    expect(stderr).toContain("triggers.jsonl:3: ");
    expect(exitCode).toBe(9);
  });

  it.for<[args: string[], maximum: number]>([
    [[], 16],
    [["--concurrency", "3"], 3],
  ])("are sent at the same time, with %j up to %i", async ([args, maximum], { collab, api }) => {
    writeLines(collab, toLines(40));
    const waiting: ServerResponse[] = [];
    let [answered, largest] = [0, 0];
    api.intercept = (_trigger, response) => {
      waiting.push(response);
      largest = Math.max(largest, waiting.length);
      // Requests are answered when no more can arrive: all that are allowed at the same time, or the last ones.
      if (waiting.length === Math.min(maximum, 40 - answered)) {
        setImmediate(() => {
          for (const open of waiting.splice(0)) {
            answered++;
            open.end(JSON.stringify({ workflow_run_id: "00000000-0000-4000-8000-000000000001" }));
          }
        });
      }
      return true;
    };
    expect((await notify(collab, api, args)).exitCode).toBe(0);
    expect([largest, api.received.length]).toEqual([maximum, 40]);
  });

  it("are recorded in a journal only on the remote target, and not with --no-journal", async ({ collab, api }) => {
    writeLines(collab, [formatInvite("ada"), "oops"]);
    const hasJournal = (): boolean => existsSync(collab.path(TRIGGER_JOURNAL));
    expect((await notify(collab, api, ["--no-journal"])).exitCode).toBe(9);
    expect((await collab.knock(["notify", "--file", "triggers.jsonl"])).exitCode).toBe(9);
    expect(hasJournal()).toBe(false);
    expect((await notify(collab, api)).exitCode).toBe(9);
    expect(hasJournal()).toBe(true);
  });
});
