import { afterAll, beforeAll, expect, it } from "vitest";
import { createOutageSetup, OUTAGES, type OutageSetup, removeOutageSetup } from "../helpers/database-outages.js";
import { describeOnPostgres, PostgresServer } from "../helpers/postgres-server.js";
import type { Figures } from "./faults/fault-run.js";
import { OutageRun } from "./faults/outage-run.js";
import { getLongRuns, reportFigures } from "./long-runs.js";

const SECOND = 1_000;

describeOnPostgres("two workers whose database cannot be used", () => {
  let setup: OutageSetup;

  beforeAll(async () => {
    setup = await createOutageSetup((settings) => PostgresServer.start({ settings }));
  });
  afterAll(() => setup && removeOutageSetup(setup));

  it("stay up, are unhealthy during each outage, and lose and double nothing", { timeout: 900 * SECOND }, async () => {
    const run = await OutageRun.start(setup, {
      triggers: getLongRuns("faults", 50, 3),
      outageMs: getLongRuns("faults", 25, 1) * SECOND,
    });
    const figures: Figures = {};
    try {
      for (const outage of OUTAGES) {
        if (outage.needsDisk && setup.disk === null) continue;
        const one = await run.endure(outage);
        for (const [name, value] of Object.entries(one)) figures[`${outage.name.replaceAll(" ", "_")}_${name}`] = value;
        // A connection or a block may become free for a moment.
        expect([outage.name, one.healthy]).toEqual([
          outage.name,
          expect.toSatisfy((count) => count <= 1 + Number(one.checks) / 10),
        ]);
      }
      const { triggered = 0, ...found } = await run.finish();
      const expected = { runs: triggered, completed: triggered, messages: 2 * triggered, sent: 2 * triggered };
      expect(found).toEqual({ ended: 0, ...expected });
    } finally {
      reportFigures("faults", figures, "outages");
      await run.close();
    }
  });
});
