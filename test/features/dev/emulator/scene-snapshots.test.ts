import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { JsonObject } from "../../../../src/util/json.js";
import { eventually } from "../../../helpers/eventually.js";
import { openProjectApi, type ProjectApi } from "../../../helpers/project-emulator.js";

const CHANNEL = "0b0c9f3e-0000-4000-8000-000000000001";
const FILES = {
  "knock/environment.json": { channels: { feed: { type: "in_app_feed", id: CHANNEL }, mail: { type: "email" } } },
};

type Send = (on: string, content?: unknown) => Promise<{ status: number; body: JsonObject }>;

/** Runs a test with the requests of a new scene, or of the server's own store. */
async function withScene(
  work: (send: Send, url: string, api: ProjectApi) => Promise<void>,
  isScene = true,
): Promise<void> {
  const api = await openProjectApi(FILES);
  const url = isScene ? String((await api.request("POST /__knock/scenes")).body.base_url) : api.url;
  const send: Send = async (on, content) => {
    const [method = "", path = ""] = on.split(" ");
    const response = await fetch(url + path, {
      method,
      headers: { authorization: "Bearer sk_test", "content-type": "application/json" },
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    return { status: response.status, body: (await response.json()) as JsonObject };
  };
  try {
    await work(send, url, api);
  } finally {
    await api.close();
  }
}

const trigger = (send: Send, user: string) => send("POST /v1/workflows/hello/trigger", { recipients: [user] });

const readState = async (send: Send): Promise<unknown> => ({
  messages: (await send("GET /__knock/messages")).body,
  users: (await send("GET /v1/users")).body,
  faults: ((await send("GET /__knock/faults")).body.items as JsonObject[]).map(({ left }) => left),
  now: (await send("GET /__knock/clock")).body.now,
});

describe("snapshots of scenes", () => {
  for (const [name, isScene] of [
    ["a scene", true],
    ["the server's own store", false],
  ] as const)
    it(`bring back data, clock and faults of ${name}, as often as they are restored`, () =>
      withScene(async (send) => {
        await send("POST /__knock/clock", { freeze: "2030-06-04T10:00:00Z" });
        await trigger(send, "ada");
        await send("POST /__knock/faults", { channel: "mail", status: 500, times: 2 });
        const before = await readState(send);
        const saved = await send("POST /__knock/snapshots", { name: "prepared" });
        expect(saved.body).toEqual({
          name: "prepared",
          saved_at: expect.any(String),
          now: "2030-06-04T10:00:00.000Z",
        });
        expect((await send("GET /__knock/snapshots")).body).toEqual({ items: [saved.body] });
        for (let count = 0; count < 3; count++) {
          await trigger(send, "bo");
          await send("PUT /v1/users/zoe", { name: "Zoe" });
          await send("POST /__knock/clock", { advance: "2h" });
          await send(count === 1 ? "POST /__knock/reset" : "DELETE /__knock/faults", count === 1 ? {} : undefined);
          expect(await readState(send)).not.toEqual(before);
          const { body } = await send("POST /__knock/snapshots/prepared/restore");
          expect(body).toEqual({ restored: "prepared", now: "2030-06-04T10:00:00.000Z" });
          expect(await readState(send)).toEqual(before);
        }
        // The restored store accepts new rows with references to the restored ones.
        await trigger(send, "ada");
        expect((await send("GET /__knock/messages")).body.items).toHaveLength(2);
        expect((await send("DELETE /__knock/snapshots/prepared")).body).toEqual({ deleted: "prepared" });
        expect((await send("POST /__knock/snapshots/prepared/restore")).status).toBe(404);
      }, isScene));

  it("belong to their scene", () =>
    withScene(async (send, _url, api) => {
      await send("POST /__knock/snapshots", { name: "own" });
      expect((await api.request("GET /__knock/snapshots")).body).toEqual({ items: [] });
    }));

  it("reject names that are taken, unknown or not allowed", () =>
    withScene(async (send) => {
      await send("POST /__knock/snapshots", { name: "prepared" });
      const taken = await send("POST /__knock/snapshots", { name: "prepared" });
      expect([taken.status, taken.body.message]).toEqual([422, expect.stringContaining('"force":true')]);
      expect((await send("POST /__knock/snapshots", { name: "prepared", force: true })).status).toBe(200);
      const unknown = await send("POST /__knock/snapshots/prepraed/restore");
      expect([unknown.status, unknown.body.message]).toEqual([
        404,
        expect.stringContaining('did you mean "prepared"?'),
      ]);
      for (const name of ["", "a/b", "a.b", "a\u0000", "x".repeat(65), 1, null]) {
        const { status, body } = await send("POST /__knock/snapshots", { name });
        expect([status, body.message], String(name)).toEqual([422, expect.stringMatching(/^name /)]);
      }
      expect((await send("POST /__knock/snapshots", {})).body.message).toMatch(/^name .*1 to 64 letters/);
      expect((await send("POST /__knock/snapshots", { name: "a", nmae: "b" })).status).toBe(422);
    }));

  it("are limited in number", () =>
    withScene(async (send) => {
      for (let count = 0; count < 64; count++) await send("POST /__knock/snapshots", { name: `s${count}` });
      const { status, body } = await send("POST /__knock/snapshots", { name: "more" });
      expect([status, body.message]).toEqual([422, expect.stringContaining("already 64 snapshots")]);
      expect((await send("POST /__knock/snapshots", { name: "s1", force: true })).status).toBe(200);
    }));

  it("are announced to sockets with the restored counts, and later messages are announced again", () =>
    withScene(async (send, url) => {
      await trigger(send, "ada");
      await send("POST /__knock/snapshots", { name: "one" });
      const socket = new WebSocket(`${url.replace("http", "ws")}/ws/v1/websocket?api_key=pk_test&vsn=2.0.0`);
      await once(socket, "open");
      const totals: unknown[] = [];
      let isJoined = false;
      socket.on("message", (data) => {
        const [, , , event, payload] = JSON.parse(String(data)) as [string, string, string, string, JsonObject];
        if (event === "phx_reply") isJoined = true;
        if (event === "new-message") totals.push((payload.metadata as JsonObject).total_count);
      });
      try {
        socket.send(JSON.stringify(["1", "1", `feeds:${CHANNEL}:ada`, "phx_join", {}]));
        await eventually(() => isJoined);
        await trigger(send, "ada");
        await eventually(() => totals.includes(2));
        totals.length = 0;
        await send("POST /__knock/snapshots/one/restore");
        await eventually(() => totals.length > 0);
        expect(totals).toEqual([1]);
        await trigger(send, "ada");
        await eventually(() => totals.includes(2));
      } finally {
        socket.terminate();
      }
    }));
});
