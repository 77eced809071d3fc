import Knock from "@knocklabs/node";
import { expect } from "vitest";
import type { ClientCase } from "../../../helpers/client-case.js";

export const OFFICIAL_SDK_CASES: ClientCase[] = [
  {
    title: "triggers with a generated idempotency key",
    async run({ knock, harness }) {
      const first = await knock.workflows.trigger("hello", { recipients: ["u1"], data: { n: 1 } });
      expect(first.workflow_run_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await harness.listMessages("u1")).toHaveLength(2);
    },
  },
  {
    title: "reads, sets, lists, merges and deletes users",
    async run({ knock }) {
      expect(await knock.users.update("u5", { name: "Eve", plan: { tier: "a" } })).toMatchObject({
        __typename: "User",
        id: "u5",
        name: "Eve",
        plan: { tier: "a" },
        created_at: null,
      });
      expect(await knock.users.get("u5")).toMatchObject({ name: "Eve" });
      const ids: string[] = [];
      for await (const user of knock.users.list({ page_size: 2 })) ids.push(user.id);
      expect(ids).toContain("u5");
      expect(new Set(ids).size).toBe(ids.length);
      expect(await knock.users.merge("u1", { from_user_id: "u5" })).toMatchObject({ name: "Una", plan: { tier: "a" } });
      await expect(knock.users.get("u5")).rejects.toBeInstanceOf(Knock.NotFoundError);
      await knock.users.delete("u1");
      await expect(knock.users.get("u1")).rejects.toMatchObject({ status: 404 });
    },
  },
  {
    title: "cancels runs",
    async run({ knock, harness }) {
      await knock.workflows.trigger("paused", { recipients: ["u1", "u2"], cancellation_key: "c1" });
      await knock.workflows.cancel("paused", { cancellation_key: "c1", recipients: ["u2"] });
      await harness.at(3_600_000);
      expect((await harness.listMessages()).map(({ recipient }) => recipient)).toEqual(["$users/u1"]);
    },
  },
  {
    title: "receives errors of its own classes",
    async run({ knock }) {
      await expect(knock.workflows.trigger("hello", { recipients: [] })).rejects.toBeInstanceOf(
        Knock.UnprocessableEntityError,
      );
      const stranger = knock.withOptions({ apiKey: "nope" });
      await expect(stranger.users.get("u1")).rejects.toBeInstanceOf(Knock.AuthenticationError);
      const open = knock.withOptions({ apiKey: "pk_test" });
      await expect(open.workflows.trigger("hello", { recipients: ["u1"] })).rejects.toBeInstanceOf(
        Knock.PermissionDeniedError,
      );
    },
  },
];
