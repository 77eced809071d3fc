import { describe, expect, it } from "vitest";
import { buildHistory } from "../../src/comparison/read-stored-history.js";
import { toRunKey } from "../../src/comparison/recorded-history.js";
import { failRun } from "../../src/domain/run/fail-run.js";
import type { RecipientRun } from "../../src/domain/run/workflow-run.js";
import type { JsonObject } from "../../src/util/json.js";
import { NOW, sampleTrigger, user } from "../contract/store/sample-runs.js";

const MINUTE = 60_000;

/** Returns the history of one run. */
function build(change: (run: RecipientRun) => RecipientRun) {
  const { run, version, recipientRuns } = sampleTrigger({ recipients: ["ada"], message: null });
  const recipientRun = change(recipientRuns[0] as RecipientRun);
  return buildHistory({
    runs: [{ run, version, recipientRun }],
    range: { since: null, until: null, workflows: [] },
    now: NOW + 10 * MINUTE,
    notes: [],
    unknownChanges: [],
    getTriggerData: () => null,
    readMessages: async () => ({ messages: [], engagements: [] }),
  });
}

const key = ({ triggers }: Awaited<ReturnType<typeof build>>) => toRunKey(String(triggers[0]?.name), user("ada"));

describe("buildHistory", () => {
  it.each<[string, (run: RecipientRun) => RecipientRun, number | undefined]>([
    ["a completed run", (run) => run, undefined],
    ["a run that waits", (run) => ({ ...run, status: "paused", due_at: NOW + 60 * MINUTE }), NOW + 10 * MINUTE + 1],
    ["a run that is due", (run) => ({ ...run, status: "paused", due_at: NOW + MINUTE }), NOW + MINUTE],
    [
      "a run that an error failed",
      (run) => {
        const events = [{ ...run.events[0], event: "run_paused", at: NOW + MINUTE } as RecipientRun["events"][number]];
        const reason = { code: "internal_error", detail: null } as unknown as Parameters<typeof failRun>[3];
        return failRun({ ...run, status: "paused", events }, { steps: [] } as never, NOW + 5 * MINUTE, reason);
      },
      NOW + MINUTE + 1,
    ],
  ])("knows from when the messages of %s are unknown", async (_, change, time) => {
    const history = await build(change);
    expect(history.unknownFrom.get(key(history))).toBe(time);
  });

  it("has no response of a fetch step that an error of the store failed", async () => {
    const event = { status: "error", step_ref: "http_fetch_1", step_type: "http_fetch", attempt: 1, at: NOW } as const;
    const fail = (data: JsonObject) => ({ ...event, event: "step_failed", data });
    const { requests } = await build((run) => ({
      ...run,
      events: [
        fail({ reason: "internal_error", status: "paused" }),
        fail({ error: "GET https://a.test/ responded 404" }),
      ],
    }));
    expect(requests.map(({ response }) => response)).toEqual([{ error: "GET https://a.test/ responded 404" }]);
  });
});
