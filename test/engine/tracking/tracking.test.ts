import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Channel } from "../../../src/domain/environment/environment.js";
import type { Message } from "../../../src/domain/message/message.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { step } from "../../helpers/build-steps.js";
import { EngineHarness } from "../../helpers/engine-harness.js";

const BASE = "http://127.0.0.1:8484";
const ON = { channel_overrides: { link_tracking: true } };

let h: EngineHarness;
beforeEach(async () => {
  h = await EngineHarness.open();
  h.environment.tracking = { base_url: BASE };
});
afterEach(() => h.close());

const buildChannel = (key: string): Channel => h.environment.channels[key] as Channel;

/** Returns the message of a step; in its content, `ID` replaces its ID and `KEY` the beginning of a short link. Tokens are left out. */
async function buildMessage(one: JsonObject, data: JsonObject = {}): Promise<Message & { told: string }> {
  h.define("one", { steps: [one] });
  await h.identify({
    id: "ana",
    phone_number: "+32470000000",
    channel_data: { "c-chat": { connections: [{ channel_id: "C1" }] } },
  });
  await h.trigger("one", { recipients: ["ana"], data });
  const message = (await h.listMessages("ana")).at(-1);
  if (message === undefined) throw new Error("no message was made");
  const told = JSON.stringify(message.content)
    .replaceAll(message.id, "ID")
    .replaceAll(`/${message.id.slice(-9)}`, "/KEY")
    .replaceAll(/(\/l\/ID\/\d+|\/o\/ID)\.[0-9A-Za-z]{22}/g, "$1")
    .replaceAll(/(\/KEY\w)[0-9A-Za-z]{22}/g, "$1");
  return { ...message, told };
}

/** Returns the part of a content document that is tracked. */
function readBody({ told }: { told: string }): Json | undefined {
  const { html_body, blocks, body, template } = JSON.parse(told) as Record<string, JsonObject & JsonObject[]>;
  return (
    html_body ??
    blocks?.[0]?.rendered ??
    body ??
    template?.json_content ??
    (template?.blocks as JsonObject[] | undefined)?.[0]?.content
  );
}

const L = `${BASE}/l/ID`;

interface Row {
  title: string;
  step: JsonObject;
  body: Json;
  links: string[];
}

const email = (html: string): JsonObject => step.email("S", html, ON);
const json = (content: Json): JsonObject => ({
  ...step.chat("", ON),
  template: { json_body: JSON.stringify(content) },
});

const rows: Row[] = [
  {
    title: "T-231 E-231 tracks the anchors of an email, each URL once; other schemes stay unchanged",
    step: email(
      `<p><a class=x href="https://lark.test/?a=1&amp;b=2">A</a> <A HREF='https://lark.test/b'>B</A> <a href=https://lark.test/b>C</a>
<a href="http://lark.test">D</a><a href="mailto:a@lark.test">E</a><a name="x">F</a></p>`,
    ),
    body: `<p><a class=x href="${L}/0">A</a> <A href="${L}/1">B</A> <a href="${L}/1">C</a>
<a href="http://lark.test">D</a><a href="mailto:a@lark.test">E</a><a name="x">F</a></p>`,
    links: ["https://lark.test/?a=1&b=2", "https://lark.test/b"],
  },
  {
    title: "T-232 keeps the URL of a marked anchor and removes the mark",
    step: email(
      `<a data-knock-no-track href="https://lark.test/a">A</a><a href="https://lark.test/b" data-knock-no-track="">B</a>`,
    ),
    body: `<a href="https://lark.test/a">A</a><a href="https://lark.test/b">B</a>`,
    links: [],
  },
  {
    title: "T-231 tracks only anchors: no images, comments, styles or text that is not a tag",
    step: email(
      `<img src="https://lark.test/i"><!-- <a href="https://lark.test/c">x</a> --><link href="https://lark.test/s"><textarea><a href="https://lark.test/t"></textarea><a href="https://lark.test/a" title="a > b">A</a><a x="`,
    ),
    body: `<img src="https://lark.test/i"><!-- <a href="https://lark.test/c">x</a> --><link href="https://lark.test/s"><textarea><a href="https://lark.test/t"></textarea><a href="${L}/0" title="a > b">A</a><a x="`,
    links: ["https://lark.test/a"],
  },
  {
    title: "T-231 T-204 T-234 E-224 tracks links and bare URLs in a feed's body, but not the URL of its action",
    step: {
      ...step.feed("", ON),
      template: {
        markdown_body: "[A](https://lark.test/a) https://lark.test/b http://lark.test/c",
        action_url: "https://lark.test/act",
      },
    },
    body: `<p><a href="${L}/0">A</a> <a href="${L}/1">https://lark.test/b</a> <a href="http://lark.test/c">http://lark.test/c</a></p>`,
    links: ["https://lark.test/a", "https://lark.test/b"],
  },
  {
    title: "T-233 writes short links in an SMS",
    step: step.sms("See https://lark.test/a, or (https://lark.test/b_(c)). http://lark.test", ON),
    body: `See ${BASE}/KEY0, or (${BASE}/KEY1). http://lark.test`,
    links: ["https://lark.test/a", "https://lark.test/b_(c)"],
  },
  {
    title: "T-231 tracks Markdown of a chat message, except images and code",
    step: step.chat(
      "[A *b*](https://lark.test/a 'T') <https://lark.test/b> https://lark.test/_c_. ![i](https://lark.test/i) `https://lark.test/d` [x]\n\n[x]: https://lark.test/e\n\n```\nhttps://lark.test/f\n```\n[https://lark.test/g](https://lark.test/g) [h](http://lark.test/h)",
      ON,
    ),
    body: `[A *b*](${L}/0 'T') [https://lark.test/b](${L}/1) [https://lark.test/\\_c](${L}/2)_. ![i](https://lark.test/i) \`https://lark.test/d\` [x]\n\n[x]: ${L}/3\n\n\`\`\`\nhttps://lark.test/f\n\`\`\`\n[https://lark.test/g](${L}/4) [h](http://lark.test/h)`,
    links: ["a", "b", "_c", "e", "g"].map((path) => `https://lark.test/${path}`),
  },
  {
    title: "T-231 E-231 tracks Block Kit's URLs and mrkdwn, except images",
    step: json({
      blocks: [
        {
          type: "section",
          text: {
            type: "mrkdwn",
            text: "<https://lark.test/a?x=1&amp;y=2|A> <https://lark.test/b> https://lark.test/b",
          },
        },
        {
          type: "actions",
          elements: [
            { type: "button", url: "https://lark.test/c", text: { type: "plain_text", text: "https://lark.test/p" } },
          ],
        },
        { type: "image", image_url: "https://lark.test/i", slack_file: { url: "https://lark.test/f" } },
      ],
    }),
    body: {
      blocks: [
        {
          type: "section",
          text: { type: "mrkdwn", text: `<${L}/0|A> <${L}/1|https://lark.test/b> <${L}/1|https://lark.test/b>` },
        },
        {
          type: "actions",
          elements: [{ type: "button", url: `${L}/2`, text: { type: "plain_text", text: "https://lark.test/p" } }],
        },
        { type: "image", image_url: "https://lark.test/i", slack_file: { url: "https://lark.test/f" } },
      ],
    },
    links: ["https://lark.test/a?x=1&y=2", "https://lark.test/b", "https://lark.test/c"],
  },
];

describe("tracked links (section 14)", () => {
  it.each(rows)("$title", async ({ step: one, body, links }) => {
    const message = await buildMessage(one);
    expect(readBody(message)).toEqual(body);
    expect(message.links).toEqual(links);
  });

  it("T-231 tracks the HTML of visual blocks", async () => {
    const blocks = step.email("S", "", ON);
    const visual_blocks: Json = [
      { type: "button_set", buttons: [{ label: "Go", action: "https://lark.test/go", variant: "solid" }] },
      { type: "markdown", content: "[A](https://lark.test/{{ path }}) and https://lark.test/bare" },
    ];
    const visual = await buildMessage(
      { ...blocks, template: { subject: "S", visual_blocks, settings: {} } },
      { path: "a b" },
    );
    expect(visual.links).toEqual(["https://lark.test/go", "https://lark.test/a b", "https://lark.test/bare"]);
    expect(readBody(visual)).toContain(`href="${L}/1"`);
  });

  it("T-231 tracks the HTML of MJML", async () => {
    const html_body =
      '<mjml><mj-body><mj-section><mj-column><mj-button href="https://lark.test/go">Go</mj-button></mj-column></mj-section></mj-body></mjml>';
    const template = { subject: "S", is_mjml: true, html_body, settings: { layout_key: null } };
    const message = await buildMessage({ ...step.email("S", "", ON), template });
    expect(message.links).toEqual(["https://lark.test/go"]);
    expect(readBody(message)).toContain(`href="${L}/0"`);
  });

  it("T-233 writes short links in WhatsApp messages, which stay plain text", async () => {
    buildChannel("chatty").provider = "chat_whatsapp";
    const text = await buildMessage(step.chat("Go: https://lark.test/a", ON));
    expect(readBody(text)).toBe(`Go: ${BASE}/KEY0`);
  });

  it("T-233 a short link has 53 characters if the base URL has 20, because of its token", async () => {
    h.environment.tracking = { base_url: "https://go.lark.test" };
    const { content } = await buildMessage(step.sms("https://lark.test/a", ON));
    expect(String(content.body)).toHaveLength(53);
  });

  it("T-241 E-158 does not track the unsubscribe URL, which the emulator serves", async () => {
    h.environment.tracking = { base_url: "https://go.lark.test" };
    const html = '<a href="{{ vars.commercial_unsubscribe_url }}">x</a>';
    h.define("sale", { settings: { is_commercial: true }, steps: [step.email("S", html, ON)] });
    await h.trigger("sale", { recipients: ["ana"] });
    const message = (await h.listMessages("ana")).at(-1);
    const url = `https://go\\.lark\\.test/unsubscribe/${message?.recipient_run_id}\\.[0-9A-Za-z]{22}`;
    expect(message?.content.html_body).toMatch(new RegExp(`^<a href="${url}">x</a>$`));
  });

  it("T-230 CH-033 is off by default, which changes no link and stores none", async () => {
    const message = await buildMessage(step.email("S", '<a href="https://lark.test">x</a>'));
    expect(readBody(message)).toBe('<a href="https://lark.test">x</a>');
    expect(message).not.toHaveProperty("links");
  });

  it.each([
    ["the channel's switch is used by default", {}, true],
    ["a step turns tracking off", { channel_overrides: { link_tracking: false } }, false],
    ["a step turns tracking on", ON, true],
  ])("E-178 E-231 %s", async (_who, extra, isTracked) => {
    buildChannel("text").settings = { link_tracking: true };
    expect((await buildMessage(step.sms("https://lark.test", extra))).links !== undefined).toBe(isTracked);
  });

  it("T-235 adds an image at the end of an email's body, and to no other message", async () => {
    const opens = { channel_overrides: { open_tracking: true } };
    const html = '<html><body><a data-knock-no-track href="https://lark.test">x</a></body></html>';
    const message = await buildMessage(step.email("S", html, opens));
    expect(readBody(message)).toMatch(
      /^<html><body><a href="https:\/\/lark\.test">x<\/a><img src="http:\/\/127\.0\.0\.1:8484\/o\/ID\.png" width="1" height="1" alt=""[^<>]*><\/body><\/html>$/,
    );
    expect(message.links).toEqual([]);
    buildChannel("text").settings = { open_tracking: true };
    expect(await buildMessage(step.sms("M"))).not.toHaveProperty("links");
  });

  it("T-230 changes nothing without a tracking URL, and the step's event reports it", async () => {
    h.environment.tracking = null;
    buildChannel("mail").settings = { link_tracking: true, open_tracking: true };
    const html = '<a href="https://lark.test">x</a>';
    h.define("one", { steps: [step.email("S", html)] });
    const started = await h.trigger("one", { recipients: ["ana"] });
    const run = await h.engine.readRecipientRun(String(started.recipients?.[0]?.recipient_run_id));
    const [message] = await h.listMessages("ana");
    expect(message?.content.html_body).toBe(html);
    const told = JSON.stringify(run?.events);
    expect(told).toContain("links were not rewritten");
    expect(told).toContain("no tracking pixel was added");
  });

  it.each([
    ["brackets", "[".repeat(100_000)],
    ["escaped brackets", "[\\[".repeat(100_000)],
    ["images", "![a](".repeat(50_000)],
    ["links without an end", "[a](x".repeat(50_000)],
    ["backticks", "`".repeat(100_000)],
    ["fences", "```\n~~~\n".repeat(30_000)],
    ["anchors", "<a x".repeat(50_000)],
    ["punctuation", `http://${".)".repeat(50_000)}x`],
  ])("T-231 reads hostile Markdown in linear time: %s", async (_what, text) => {
    const message = await buildMessage(step.chat("{{ data.text }} https://lark.test/a", ON), { text });
    expect(message.links?.length).toBeLessThanOrEqual(1);
  });

  it("T-231 keeps brackets that a URL opens, and leaves other closing brackets to the sentence", async () => {
    const urls = `https://lark.test/a_(b) (https://lark.test/c) https://lark.test/d${")".repeat(50_000)}.`;
    const message = await buildMessage(step.sms("{{ data.urls }}", ON), { urls });
    expect(message.links).toEqual(["a_(b)", "c", "d"].map((path) => `https://lark.test/${path}`));
  });

  it("T-233 writes long links if there are more links than short keys", async () => {
    const body = Array.from({ length: 63 }, (_, index) => `https://lark.test/${index}`).join(" ");
    const words = String((await buildMessage(step.sms(body, ON))).content.body).split(" ");
    expect(words[61]).toMatch(/\/[0-9A-Za-z]{9}z[0-9A-Za-z]{22}$/);
    expect(words[62]).toMatch(/\/l\/[0-9A-Za-z]{27}\/62\.[0-9A-Za-z]{22}$/);
  });

  it.each([
    ["tags without an end", "<a x".repeat(200_000)],
    ["comments without an end", "<!-- <a ".repeat(100_000)],
    ["quotes without an end", `<a x="`.repeat(100_001)],
    ["scripts without an end", "<script>".repeat(100_000)],
  ])("T-231 reads hostile HTML in linear time: %s", async (_what, html) => {
    const message = await buildMessage(step.email("S", "{{ data.html }}", ON), { html });
    expect(message.links).toEqual([]);
  });
});
