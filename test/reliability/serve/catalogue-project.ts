import type { JsonObject } from "../../../src/util/json.js";
import { buildBannerStep } from "../../helpers/build-steps.js";
import { BANNER_DOCUMENT, CASE_CHANNELS, createCaseEnvironment } from "../../helpers/case-environment.js";
import { CATALOGUE_WORKFLOWS } from "../../helpers/catalogue.js";
import type { Sample } from "../../helpers/run-knock.js";

/** The only guide of the cases that all users of a project can share. */
export const CATALOGUE_GUIDE: JsonObject = { steps: [buildBannerStep({ title: "Page {{ data.page }}" })] };

/** Writes a project with the environment of the API's case catalog, and with more channels. */
export function writeCatalogueProject(sample: Sample, channels: JsonObject): void {
  sample.write("knock/environment.json", {
    channels: { ...Object.fromEntries(CASE_CHANNELS.map(([key, type]) => [key, { type }])), ...channels },
    variables: createCaseEnvironment().variables,
    signing_key: "$SIGNING_KEY",
  });
  for (const [key, workflow] of Object.entries(CATALOGUE_WORKFLOWS))
    sample.write(`knock/workflows/${key}/workflow.json`, { name: key, ...workflow });
  sample.write("knock/message-types/banner/message_type.json", BANNER_DOCUMENT);
  sample.write("knock/guides/tour/guide.json", { name: "tour", channel_key: "tours", ...CATALOGUE_GUIDE });
}
