import { expect, it } from "vitest";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { HOUR, insertSample, NOW, saveAll, user, waitingAt } from "../../contract/store/sample-runs.js";
import { createDatabase, describeOnPostgres, dropDatabase } from "../../helpers/postgres-server.js";

describeOnPostgres("a late save of a run that another worker has saved", () => {
  it("E-347 leaves the wait that the run has begun", async () => {
    const location = await createDatabase();
    const store = await openPostgresStore(location, { createForTests: true });
    const scope = { heldByJob: true } as const;
    const claim = (token: string) => store.claimDueRuns({ now: NOW, leaseMs: 1_000, token, scope }, 10);
    // An event is only recorded if a run has ever waited.
    const wait = { awaited: "paid", recipient: user("ada"), from: NOW, until: NOW + HOUR, seen: null };
    await insertSample(store, { recipients: ["bo"], recipientRun: { ...waitingAt(NOW + HOUR), wait }, message: null });
    await insertSample(store, { recipients: ["ada"], recipientRun: waitingAt(NOW), message: null });
    const [early] = await claim("early");
    const [late] = await claim("late");
    const paused: RecipientRun = { ...(early?.recipientRun as RecipientRun), due_at: NOW + HOUR, wait };
    expect(late?.recipientRun.id).toBe(paused.id);
    expect(await saveAll(store, [{ recipientRun: paused, messages: [] }], "early")).toEqual(new Set([paused.id]));
    expect(await saveAll(store, [{ recipientRun: paused, messages: [] }], "late")).toEqual(new Set());
    const event = { name: "paid", recipient: user("ada"), at: NOW + 1, event: {} };
    expect((await store.recordEvents([event], NOW + 5)).recipientRunIds).toContain(paused.id);
    await store.close();
    await dropDatabase(location);
  });
});
