import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseBroadcast } from "../../../src/domain/audience/parse-broadcast.js";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { resolveFileReferences } from "../../../src/project/resolve-file-references.js";
import type { Json } from "../../../src/util/json.js";
import { buildCompleteExample } from "../../helpers/build-complete-example.js";

const FIXTURES = resolve(import.meta.dirname, "../../../fixtures");

/** The version IDs of the fixtures. A changed ID gives every stored workflow a new version. */
const EXPECTED: Readonly<Record<string, string>> = {
  "collab/knock/broadcasts/history-launch/broadcast.json": "c991d23b-9f07-88ad-84c7-a656f5fe16df",
  "collab/knock/workflows/invite/workflow.json": "f2587a03-7871-8c61-a10d-be1eb0b3d22b",
  "collab/knock/workflows/new-comment/workflow.json": "293d0783-a52e-8cb9-99a6-b5b7172d94fa",
  "collab/knock/workflows/order-placed/workflow.json": "2ae5d684-bbe6-83ec-b354-7cec4aaebf1e",
  "collab/knock/workflows/page-created/workflow.json": "b031e8b6-87d7-8431-9002-f6de934e07ca",
  "collab/knock/workflows/page-shared/workflow.json": "408ee9cd-a23f-8107-b712-05eff9233303",
  "collab/knock/workflows/product-news/workflow.json": "15a474df-565d-891f-9b28-7736910e3a84",
  "collab/knock/workflows/storage-low/workflow.json": "d14e02d9-3f50-8762-9642-f3e4d6accc37",
  "collab/knock/workflows/welcome/workflow.json": "3ead344b-f848-8b49-8968-8abdbd820ae5",
  "ops/knock/workflows/incident-closed/workflow.json": "a508b5c4-f197-8827-ab09-1711dd638443",
  "ops/knock/workflows/incident/workflow.json": "eb1109e8-84de-80c1-ab41-2a3d3bfa58cd",
  "ops/knock/workflows/legacy-pager/workflow.json": "65e4e888-a9b8-81e5-927d-dbe815f1397a",
  "ops/knock/workflows/maintenance-reminder/workflow.json": "3fa02aed-b36d-8b48-b231-7b7e28b69d85",
  "ops/knock/workflows/security-notice/workflow.json": "de525532-c61a-8ea0-ba49-3078dd665e53",
  "ops/knock/workflows/weekly-handover/workflow.json": "76cc8168-8f61-8e2e-a9d5-dde1fa6f03f0",
  "shop/knock/workflows/basket-left/workflow.json": "afc13dfd-312c-821f-9d37-9f57ad2fcd4f",
  "shop/knock/workflows/club-join/workflow.json": "4ea401eb-de15-8249-8ab7-8f6c4b3ef1d1",
  "shop/knock/workflows/club-welcome/workflow.json": "912f2505-9482-875f-93d4-2ea3ffabf9d9",
  "shop/knock/workflows/order-paid/workflow.json": "ea758427-c7d2-8705-83b8-c103c2d4ba76",
  "shop/knock/workflows/order-shipped/workflow.json": "ed8aa124-9ed2-8726-b24f-7309f2f570dd",
  "shop/knock/workflows/parcel-status/workflow.json": "5a7b89e6-9673-89e0-8709-68cb346490f3",
  "shop/knock/workflows/partner-upgraded/workflow.json": "12314d7d-728f-88f8-b083-da699cac752d",
  "shop/knock/workflows/price-drop/workflow.json": "b74ac095-77d5-868f-88b4-e017e20cf32a",
  "shop/knock/workflows/review-digest/workflow.json": "b73ce44d-e4f1-8dcf-a064-51d643692367",
  "shop/knock/workflows/review-summary/workflow.json": "5b4d623e-7df4-83eb-93c0-5c4e6788942e",
  "shop/knock/workflows/spring-sale/workflow.json": "55577297-a0cd-8b6f-97ae-6a0daa988d8d",
  "shop/knock/workflows/survey/workflow.json": "60372b4b-6d7c-8e9f-b643-ea41930aad38",
  "shop/knock/workflows/win-back/workflow.json": "b7a5533b-8b9d-841c-adb1-b7a92436d2f3",
  "tracker/knock/workflows/member-joined/workflow.json": "14bd998a-df51-84ff-ba98-409fd18da0c3",
  "tracker/knock/workflows/onboarding/workflow.json": "90eff4f5-d906-8601-9bcf-5fe128fe5b70",
  "tracker/knock/workflows/task-assigned/workflow.json": "b62183e9-b3c7-831a-8889-38c960708cbb",
  "tracker/knock/workflows/task-due/workflow.json": "f59b445d-dd39-810e-a48c-7c46ad6c9ef9",
  "tracker/knock/workflows/weekly-report/workflow.json": "95f7e017-5985-842d-8eda-043d7d8ae7e1",
};

const files = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" })
  .filter((path) => /\/knock\/(workflows\/[^/]+\/workflow|broadcasts\/[^/]+\/broadcast)\.json$/.test(path))
  .sort();

async function read(path: string): Promise<Json> {
  const folder = join(FIXTURES, path, "..");
  const raw = JSON.parse(readFileSync(join(FIXTURES, path), "utf8")) as Json;
  const isBroadcast = path.endsWith("broadcast.json");
  const owner = isBroadcast ? "broadcast" : "workflow";
  return resolveFileReferences(raw, {
    from: folder,
    resourceDir: folder,
    displayPath: path,
    referencedFiles: new Set(),
    owner,
  });
}

async function readVersion(path: string): Promise<string> {
  const key = path.split("/").at(-2) as string;
  const raw = await read(path);
  return path.endsWith("broadcast.json")
    ? parseBroadcast(key, raw, path).definition.version_id
    : parseWorkflow(key, raw).version_id;
}

describe("version IDs", () => {
  it("stay the same for the fixtures", async () => {
    const found = await Promise.all(
      files.map(async (path): Promise<[string, string]> => [path, await readVersion(path)]),
    );
    expect(Object.fromEntries(found)).toEqual(EXPECTED);
  });

  it("stay the same for the format's complete example", () => {
    expect(parseWorkflow("ferry-booking", buildCompleteExample()).version_id).toBe(
      "57b50ca0-3474-8257-bfc6-53aa2f39c11a",
    );
  });

  it("stay the same for the step types and sections that these files lack", () => {
    const gid = "gid://Object/$tenants/a";
    const raw = {
      trigger: { type: "event", source_key: "a", event_key: "b", mapping: { data: "body" } },
      goal_attachment: { goal_key: "g", attribution_window_days: 3 },
      steps: [
        {
          ref: "a",
          type: "update_tenant",
          settings: { recipient_mode: "reference", recipient_gid: gid, update_properties: "{}" },
        },
        { ref: "b", type: "update_audience", settings: { action: "add", audience_key: "x" } },
        { ref: "c", type: "channel", channel_type: "in_app_guide", guide_key: "x" },
        { ref: "d", type: "http_fetch", settings: { reusable_step_key: "k", inputs: { a: 1 } } },
      ],
    };
    expect(parseWorkflow("rest", raw).version_id).toBe("4116f2a1-141f-83c4-a60e-66f5c7f235df");
  });
});
