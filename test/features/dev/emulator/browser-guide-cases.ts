import { expect, vi } from "vitest";
import { createGuideClient } from "../../../helpers/browser-client.js";
import type { ClientCase } from "../../../helpers/client-case.js";
import { WAIT_OPTIONS } from "../../../helpers/eventually.js";

/** Cases of the official browser client for guides. Those that change guides are in `guides.test.ts`. */
export const BROWSER_GUIDE_CASES: ClientCase[] = [
  {
    title: "resets a guide, and fetches it as new (R-128)",
    async run(api) {
      api.harness.defineGuide("tour");
      const { user, ...access } = api.signIn("u1");
      const client = createGuideClient(api.url, user, "tours", {}, access);
      await client.guides.fetch();
      await client.selectGuide()?.getStep()?.markAsArchived();
      await vi.waitFor(async () => expect(await api.harness.listMessages("u1")).toHaveLength(1), WAIT_OPTIONS);
      await client.guides.resetEngagement(client.guides.store.state.guides.tour!);
      expect(client.guides.store.state.guides.tour?.hasEngagement()).toBe(false);
      expect(client.selectGuide()?.key).toBe("tour");
      client.close();
    },
  },
];
