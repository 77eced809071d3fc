import { expect } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { eventually } from "../../helpers/eventually.js";
import { listDocumentViolations } from "../../helpers/output-schemas.js";
import { describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";
import { inProcessTest as it } from "../../helpers/run-in-process.js";
import { createStoreDatabase } from "../../helpers/store-database.js";

/** Lets messages of two recipients fail: one with an error of its values, one as if the disk was full. */
const FAIL = `
  CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.recipient = '$users/grace' THEN RAISE EXCEPTION 'injected' USING ERRCODE = '22P02'; END IF;
    IF NEW.recipient = '$users/katherine' THEN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END IF;
    RETURN NEW; END $$;
  CREATE TRIGGER fail BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION fail()`;
const REPAIR = "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$";

describeOnPostgres("the log of a worker", () => {
  it("names the run, workflow, tenant, job and attempt in each line about failed work", async ({ collab }) => {
    const store = await createStoreDatabase();
    try {
      collab.write("knock/workflows/late/workflow.json", {
        name: "Late",
        steps: [
          { ref: "delay_1", type: "delay", settings: { delay_for: { unit: "seconds", value: 1 } } },
          { ref: "sms_1", type: "channel", channel_type: "sms", channel_key: "sms", template: { text_body: "Hi" } },
        ],
      });
      await withClient(store, (client) => client.query(FAIL));
      const notify = async (recipients: string, ...args: string[]): Promise<string> => {
        const { outcome } = await collab.knock([
          "notify",
          "late",
          "-r",
          recipients,
          "--store",
          store,
          "--json",
          ...args,
        ]);
        return outcome.workflow_run_id;
      };
      const [failing, repeated] = [await notify("ada,grace", "--tenant", "acme"), await notify("lin,katherine")];
      const worker = collab.start(["worker", "--verbose", "--store", store]);
      let log = "";
      worker.stdout.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
      const readLines = (): JsonObject[] =>
        log
          .split("\n")
          .slice(0, -1)
          .map((line) => JSON.parse(line) as JsonObject);
      const find = (event: string): JsonObject[] => readLines().filter((line) => line.event === event);

      const [failed] = await eventually(() => (find("run_failed").length > 0 ? find("run_failed") : null));
      const run = { workflow_run_id: failing, workflow: "late", tenant: "acme" };
      expect(failed).toMatchObject({
        ...run,
        recipient_run_id: expect.any(String),
        job: expect.any(String),
        attempt: 3,
      });
      expect(find("run_postponed").map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(find("run_postponed")[0]).toMatchObject({ ...run, recipient_run_id: failed?.recipient_run_id });

      const jobs = await eventually(() => (find("job_failed").length >= 3 ? find("job_failed").slice(0, 3) : null));
      expect(jobs.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(new Set(jobs.map(({ job }) => job)).size).toBe(1);
      for (const job of jobs)
        expect(job).toMatchObject({ task: "advance", workflow_run_id: repeated, workflow: "late", tenant: null });

      await withClient(store, (client) => client.query(REPAIR));
      await eventually(() => find("job_ended").some(({ workflow_run_id: id }) => id === repeated));
      worker.kill("SIGTERM");
      expect((await worker).exitCode).toBe(143);
      expect(readLines().flatMap((line) => listDocumentViolations("worker-log", line))).toEqual([]);
    } finally {
      await dropDatabase(store);
    }
  });
});
