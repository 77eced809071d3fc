// Measures messages rendered per second in one process, with templates that are compiled once: a template of 30 lines,
// the shop's email of visual blocks in its layout, its MJML email, and the first of these as a MIME message. Prints
// JSON.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildUndeclaredChannel } from "../src/domain/environment/environment.js";
import { type Recipient, toRecipientKey } from "../src/domain/recipient/recipient.js";
import { parseWorkflow } from "../src/domain/workflow/parse-workflow.js";
import { compileWorkflow } from "../src/engine/compile/compile-workflow.js";
import type { RenderContext } from "../src/engine/render/channel-renderer.js";
import { renderMime } from "../src/mime/render-mime.js";
import { findProject } from "../src/project/find-project.js";
import { openProject } from "../src/project/open-project.js";
import type { JsonObject } from "../src/util/json.js";

const [root = ".", seconds = "2"] = process.argv.slice(2);

const LINES = [
  "<h1>{{ recipient.name | upcase }}</h1>",
  "{% if lines.size > 1 %}<p>{{ lines | size }} things</p>{% else %}<p>One thing</p>{% endif %}",
  "{% for line in lines %}",
  "<p>{{ line.name | escape }}: {{ line.price }}</p>",
  "{% endfor %}",
  ...Array.from({ length: 25 }, (_, n) => `<p>{{ order }} ${n} {{ carrier | default: "post" }}</p>`),
];

function createContext(data: JsonObject, n: number): RenderContext {
  const properties = { name: `Shopper ${n}`, email: `shopper${n}@example.com` };
  const recipient: Recipient = {
    key: toRecipientKey(`u-${n}`),
    properties,
    preferences: {},
    channel_data: {},
    inserted_at: 0,
    updated_at: 0,
  };
  const branding = { primary_color: "#1F4E5F", primary_color_contrast: "#FFFFFF" };
  const vars = { branding, shop_url: "https://shop.example.com" };
  const scope = { ...data, data, recipient: { ...properties, id: `u-${n}` }, vars, workflow: { name: "Bench" } };
  return { scope, recipient, tenant: null, channel: buildUndeclaredChannel("mail", "email") };
}

async function rate(work: (n: number) => unknown): Promise<number> {
  for (let n = 0; n < 20; n++) await work(n);
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < Number(seconds) * 1_000) await work(done++);
  return Math.round((done / (performance.now() - start)) * 1_000);
}

const location = await findProject({ cwd: join(root, "fixtures/shop"), project: null, knockDir: null });
if (location === null) throw new Error("the sample project is gone");
const project = openProject(location, root);
const readData = (name: string): JsonObject =>
  JSON.parse(readFileSync(join(root, `fixtures/shop/payloads/${name}.json`), "utf8")).data;

const template = { subject: "Order {{ order }}", html_body: LINES.join("\n"), text_body: "{{ order }}" };
const step = { ref: "email_1", type: "channel", channel_type: "email", channel_key: "mail", template };
const workflows = {
  "template of 30 lines": [parseWorkflow("lines", { steps: [step] }), readData("order-shipped")],
  "visual blocks in a layout": [await project.workflow("order-shipped"), readData("order-shipped")],
  "MJML in a layout": [await project.workflow("spring-sale"), readData("spring-sale")],
} as const;

const rows: { case: string; per_second: number }[] = [];
let shipped: JsonObject = {};
for (const [name, [workflow, data]] of Object.entries(workflows)) {
  if (workflow === null) throw new Error("a sample workflow is gone");
  const renderer = (await compileWorkflow(workflow, project)).renderers.get("email_1");
  if (renderer === undefined) throw new Error("the step was not compiled");
  const render = (n: number): JsonObject =>
    renderer.render(createContext(data, n), { address: `shopper${n}@example.com`, snapshot: null });
  rows.push({ case: name, per_second: await rate(render) });
  if (name === "visual blocks in a layout") shipped = render(0);
}
const date = new Date(0);
rows.push({ case: "MIME of it", per_second: await rate((n) => renderMime(shipped, { message_id: `m${n}`, date })) });
console.log(JSON.stringify(rows));
