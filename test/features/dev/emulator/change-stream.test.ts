import { once } from "node:events";
import { connect } from "node:net";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { ChangeStream } from "../../../../src/features/dev/emulator/change-stream.js";
import { StoreWatcher } from "../../../../src/features/dev/emulator/store-watcher.js";
import { eventually } from "../../../helpers/eventually.js";
import { withApi } from "../../../helpers/test-emulator.js";

/** Creates a stream of changes over a store that has changed at each read. */
function changing(): { live: ChangeStream; errors: unknown[]; looks(): number } {
  const errors: unknown[] = [];
  let looks = 0;
  const operations = {
    readChangeToken: async () => String(looks++),
    readClock: async () => ({ now: "2025-06-04T10:00:00.000Z", frozen: true, offset_ms: 0 }),
    readNextDueAt: async () => null,
  };
  const store = new StoreWatcher(operations, (error) => errors.push(error));
  return { live: new ChangeStream(operations, store, (error) => errors.push(error)), errors, looks: () => looks };
}

describe("the change stream", () => {
  it("keeps one pending event for a client that does not read, which covers all later changes", async () => {
    const { live, errors } = changing();
    const held: (() => void)[] = [];
    let events = 0;
    const reader = new Writable({
      highWaterMark: 64,
      write(chunk: Buffer, _encoding, done) {
        if (String(chunk).startsWith("event")) events++;
        held.push(done);
      },
    });
    live.subscribe(reader);
    await eventually(() => held.length === 1);
    held.shift()?.(); // the first line is read, the first event is not
    await eventually(() => held.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(reader.writableLength).toBeLessThan(200);
    expect(events).toBe(1);
    held.shift()?.();
    await eventually(() => events === 2);
    live.close();
    held.shift()?.();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([events, errors]).toEqual([2, []]);
  });

  it("ends at a stop, and writes nothing afterwards", () =>
    withApi(async (api) => {
      const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      socket.write("GET /__knock/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await eventually(() => text.includes("event: change"));
      const ended = once(socket, "close");
      await api.restart(async () => {
        await ended;
      });
      expect(text.endsWith("0\r\n\r\n")).toBe(true);
    }));
});
