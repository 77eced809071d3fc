import { setTimeout as sleep } from "node:timers/promises";
import { parseTrigger } from "../../../src/domain/trigger/parse-trigger.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { insertSample } from "../../contract/store/sample-runs.js";
import { withClient } from "../../helpers/postgres-server.js";
import { createInProcessSample } from "../../helpers/run-in-process.js";
import { openEngine } from "./workload.js";

/**
 * Records what a transaction that begins to wait sees of the recipient: with `n`, the update was committed before, so the run
 * does not have to be woken by it. Neither by an older update that is committed later: it is from before the wait (E-344). The
 * pauses make the transactions overlap.
 */
const OBSERVE_WAITS = `
  CREATE TABLE observed_waits (recipient_run bigint, recipient text, properties text, starts_at bigint);
  CREATE FUNCTION observe_wait() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_sleep(random() * 0.001);
    INSERT INTO public.observed_waits
      SELECT NEW.recipient_run, NEW.recipient, (SELECT properties FROM recipients WHERE key = NEW.recipient), NEW.starts_at;
    RETURN NULL;
  END $$;
  CREATE TRIGGER observe_wait AFTER INSERT ON waits FOR EACH ROW EXECUTE FUNCTION observe_wait()`;

const COUNT_RACES = `
  WITH races AS (
    SELECT o.properties LIKE '%"n":%' AS is_updated_before, r.updated_at < o.starts_at AS is_older,
      EXISTS (SELECT 1 FROM signals s WHERE s.recipient_run = o.recipient_run)
        OR NOT EXISTS (SELECT 1 FROM waits w WHERE w.recipient_run = o.recipient_run) AS is_woken
    FROM observed_waits o JOIN recipients r ON r.key = o.recipient)
  SELECT count(*)::integer AS races, count(*) FILTER (WHERE is_woken)::integer AS woken,
    count(*) FILTER (WHERE is_updated_before AND NOT is_woken)::integer AS updated_before,
    count(*) FILTER (WHERE NOT is_woken AND NOT is_updated_before AND NOT is_older)::integer AS lost,
    count(*) FILTER (WHERE NOT is_woken AND NOT is_updated_before AND is_older)::integer AS older,
    count(*) FILTER (WHERE is_updated_before AND NOT is_woken AND NOT is_older)::integer AS updated_after_start
  FROM races`;

const RUNS_PER_TRIGGER = 20;

/** Lets runs begin to wait while the events that they wait for happen. Returns how the races ended. */
export async function raceWaits(url: string, races: number): Promise<Record<string, number>> {
  const sample = createInProcessSample(null);
  sample.write("knock.json", { knockDir: "./knock" });
  const event = { event_type: "recipient", event_key: "updated" };
  sample.write("knock/workflows/race/workflow.json", {
    name: "Race",
    steps: [
      { ref: "wait_1", type: "wait_for_event", settings: { event, expires_after: { unit: "hours", value: 1 } } },
      {
        ref: "feed_1",
        type: "channel",
        channel_type: "in_app_feed",
        channel_key: "feed",
        template: { markdown_body: "updated" },
      },
    ],
  });
  sample.write("knock/environment.json", { channels: { feed: { type: "in_app_feed", provider: "knock" } } });
  const [triggers, updates] = await Promise.all([openEngine(sample, url), openEngine(sample, url)]);
  try {
    await withClient(url, (client) => client.query(OBSERVE_WAITS));
    const ids = Array.from({ length: races }, (_, number) => `racer-${number}`);
    for (let start = 0; start < races; start += RUNS_PER_TRIGGER) {
      const group = ids.slice(start, start + RUNS_PER_TRIGGER);
      await updates.seedRecipients({ users: group.map((id) => ({ id, name: id })) });
      const { trigger } = parseTrigger({ recipients: group }, "race");
      await Promise.all([
        triggers.triggerWorkflow(trigger, { idempotency_key: null }),
        ...group.map(async (id) => {
          await sleep(Math.random() * 15);
          await updates.resources.users.set(id, { n: 1 });
        }),
      ]);
    }
    return (await withClient(url, (client) => client.query(COUNT_RACES))).rows[0];
  } finally {
    await Promise.all([triggers.close(), updates.close()]);
    sample.remove();
  }
}

/** A sample run has an event, and its message has three. */
const EVENTS_PER_RUN = 4;

/** Reads the log of events while others write. Returns the numbers of rows, entries and different entries. */
export async function readLogWhileWriting(
  url: string,
  { rows, writers }: { rows: number; writers: number },
): Promise<{ rows: number; entries: number; different: number }> {
  const reader = await openPostgresStore(url);
  const log = (await reader.openLogs()).outbound;
  await log.acquire("reader", 3_600_000);
  let isWriting = true;
  let left = rows / EVENTS_PER_RUN;
  const write = async (writer: number): Promise<void> => {
    const store = await openPostgresStore(url, { maxConnections: 2 });
    while (left > 0) {
      // Short transactions are committed while long ones are in progress, whose rows have lower numbers.
      const count = Math.min(left, 1 + Math.floor(Math.random() * 50));
      left -= count;
      const recipients = Array.from({ length: count }, (_, number) => `w${writer}-${number}`);
      await insertSample(store, { recipients });
    }
    await store.close();
  };
  const found: string[] = [];
  const read = async (): Promise<void> => {
    for (let after = 0, isLast = false; ; ) {
      const entries = await log.readEntries(after, 1_000);
      for (const entry of entries) found.push(JSON.stringify({ ...entry, id: 0 }));
      after = entries.at(-1)?.id ?? after;
      if (entries.length > 0) continue;
      if (isLast) return;
      isLast = !isWriting;
    }
  };
  const reading = read();
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  isWriting = false;
  await reading;
  const counted = await withClient(url, (client) =>
    client.query<{ count: number }>("SELECT count(*)::integer AS count FROM outbound_events"),
  );
  await reader.close();
  return { rows: counted.rows[0]?.count ?? 0, entries: found.length, different: new Set(found).size };
}
