import { afterEach, beforeEach, expect, it } from "vitest";
import type { Store } from "../../../src/ports/store.js";
import type { ChangeListener } from "../../../src/ports/store-control.js";
import { openPostgresStore } from "../../../src/store/postgres/open-postgres-store.js";
import { eventually } from "../../helpers/eventually.js";
import { createDatabase, describeOnPostgres, dropDatabase, withClient } from "../../helpers/postgres-server.js";

describeOnPostgres("announcements of writes", () => {
  let location = "";
  let store: Store;
  let other: Store;
  let listener: ChangeListener | null;
  let heard = 0;
  let texts: string[] = [];

  beforeEach(async () => {
    location = await createDatabase();
    store = await openPostgresStore(location);
    other = await openPostgresStore(location);
    heard = 0;
    texts = [];
    listener = store.listenForChanges(
      () => heard++,
      (text) => texts.push(text),
    );
    await eventually(() => listener?.isListening && heard > 0);
  });
  afterEach(async () => {
    await listener?.stop();
    await Promise.all([store.close(), other.close()]);
    await dropDatabase(location);
  });

  const writeAndHear = async (): Promise<void> => {
    const before = heard;
    await other.replaceText("announced", await other.readText("announced"), String(before));
    await eventually(() => heard > before);
  };

  it("are heard again after the connection was lost", async () => {
    await writeAndHear();
    await withClient(location, (client) =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
      ),
    );
    await eventually(() => !listener?.isListening);
    await eventually(() => listener?.isListening);
    await writeAndHear();
  });

  it("have texts of other processes, however many and long they are", async () => {
    const sent = Array.from({ length: 50 }, (_, index) => `${index} ${"é".repeat(200)}`);
    for (const text of sent) other.sendToOthers(text);
    store.sendToOthers("of this process");
    other.sendToOthers("x".repeat(9_000));
    await eventually(() => texts.length >= sent.length);
    other.sendToOthers("last");
    await eventually(() => texts.includes("last"));
    // They are sent with several connections, in any order.
    expect(texts.sort()).toEqual([...sent, "last"].sort());
  });

  it("are a few for many writes, and one comes after the last", async () => {
    await writeAndHear();
    const before = heard;
    for (let count = 0; count < 200; count++) await other.readSecret(`secret ${count}`);
    await eventually(() => heard > before);
    // Announcements have a pause between them.
    expect(heard - before).toBeLessThan(200);
    await writeAndHear();
  });
});
