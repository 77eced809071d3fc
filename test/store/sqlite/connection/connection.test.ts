import { describe, expect, it } from "vitest";
import { Connection } from "../../../../src/store/sqlite/connection/connection.js";
import { openDatabase } from "../../../../src/store/sqlite/connection/driver.js";

const FULL = 2;
const NORMAL = 1;

async function open() {
  const db = new Connection(await openDatabase(":memory:", { readOnly: false }), ":memory:");
  db.run("PRAGMA synchronous = FULL");
  db.run("CREATE TABLE leases (token TEXT)");
  const readSync = () => db.get<{ synchronous: number }>("PRAGMA synchronous")?.synchronous;
  return { db, readSync };
}

describe("getOne", () => {
  it("throws if a statement has no row", async () => {
    const { db } = await open();
    expect(db.getOne("SELECT COUNT(*) AS count FROM leases")).toEqual({ count: 0 });
    expect(() => db.getOne("SELECT token FROM leases")).toThrow("no row: SELECT token FROM leases");
    db.close();
  });
});

describe("writeUnsynced", () => {
  it("commits without waiting for the disk, and later writes wait again", async () => {
    const { db, readSync } = await open();
    const during = db.writeUnsynced(() => {
      db.run("INSERT INTO leases VALUES ('t1')");
      return readSync();
    });
    expect([during, readSync()]).toEqual([NORMAL, FULL]);
    expect(db.all("SELECT token FROM leases")).toEqual([{ token: "t1" }]);
    db.close();
  });

  it("waits again for the disk after a write that failed", async () => {
    const { db, readSync } = await open();
    expect(() =>
      db.writeUnsynced(() => {
        db.run("INSERT INTO leases VALUES ('t1')");
        throw new Error("lost");
      }),
    ).toThrow();
    expect(readSync()).toBe(FULL);
    expect(db.all("SELECT token FROM leases")).toEqual([]);
    db.close();
  });

  it("keeps deferring syncs if they are deferred", async () => {
    const { db, readSync } = await open();
    db.deferDiskSync();
    db.writeUnsynced(() => db.run("INSERT INTO leases VALUES ('t1')"));
    expect(readSync()).toBe(NORMAL);
    db.close();
  });
});

describe("a full disk", () => {
  it("fails a write with store_unusable, keeps what was written, and accepts writes once there is room", async () => {
    const { db } = await open();
    db.write(() => db.run("INSERT INTO leases VALUES ('t1')"));
    db.get("PRAGMA max_page_count = 3");
    const text = "x".repeat(100_000);
    const insert = () =>
      db.write(() => {
        db.run("INSERT INTO leases VALUES ('t2')");
        db.run("INSERT INTO leases VALUES (?)", text);
      });
    expect(insert).toThrow(
      expect.objectContaining({ code: "store_unusable", hint: "Check whether the disk is full or failing." }),
    );
    expect(db.all("SELECT token FROM leases")).toEqual([{ token: "t1" }]);
    db.get("PRAGMA max_page_count = 1000");
    insert();
    expect(db.all("SELECT token FROM leases")).toEqual([{ token: "t1" }, { token: "t2" }, { token: text }]);
    db.close();
  });
});
