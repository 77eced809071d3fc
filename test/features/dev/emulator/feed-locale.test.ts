import { expect, it } from "vitest";
import type { JsonObject } from "../../../../src/util/json.js";
import { step } from "../../../helpers/build-steps.js";
import { type TestEmulator, withApi } from "../../../helpers/test-emulator.js";

const FEED = "GET /v1/users/u1/feeds/c-feed";
const TEXT = '{{ "hi" | t: who: item }} ({{ 1234.5 | format_number: recipient.locale }}) {% t %}Bye{% endt %}';

function given({ harness }: TestEmulator, text = TEXT): void {
  harness.addTranslation("en", { hi: "Hello {{ who }}" });
  harness.addTranslation("de", { hi: "Hallo {{ who }}" });
  harness.addTranslation("system.de", { Bye: "Tschüss" });
  harness.define("hello", { steps: [step.feed(text)] });
}

const trigger = ({ request }: TestEmulator, item: string) =>
  request("POST /v1/workflows/hello/trigger", { recipients: ["u1"], data: { item } });

async function bodies({ request }: TestEmulator, query = ""): Promise<string[]> {
  const { body } = await request(`${FEED}${query}`);
  return (body as { entries: { blocks: JsonObject[] }[] }).entries.map(({ blocks }) => String(blocks[0]?.rendered));
}

it("T-192 a feed's items are rendered in the requested language, and stay unchanged for others", () =>
  withApi(async (api) => {
    given(api);
    await trigger(api, "A");
    await trigger(api, "B");
    const own = await bodies(api);
    expect(own[0]).toContain("Hello B");
    expect(await bodies(api, "?locale=de-DE")).toEqual([
      "<p>Hallo B (1.234,5) Tschüss</p>",
      "<p>Hallo A (1.234,5) Tschüss</p>",
    ]);
    expect(await bodies(api, "?locale=de&mode=rich&page_size=1")).toEqual(["<p>Hallo B (1.234,5) Tschüss</p>"]);
    expect(await bodies(api)).toEqual(own);
    const [message] = await api.harness.listMessages("u1");
    expect(JSON.stringify(message?.content)).not.toContain("Hallo");
  }));

it("T-192 an item stays unchanged if it cannot be rendered again: an invalid locale, a changed or deleted workflow", () =>
  withApi(async (api) => {
    given(api);
    await trigger(api, "A");
    const own = await bodies(api);
    expect(await bodies(api, "?locale=no%20locale%20at%20all")).toEqual(own);
    given(api, "Another text");
    expect(await bodies(api, "?locale=de")).toEqual(own);
    api.harness.workflows.clear();
    expect(await bodies(api, "?locale=de")).toEqual(own);
    expect(await bodies(api, "?locale=")).toEqual(own);
  }));
