import * as z from "zod/mini";
import { findNearest } from "../../util/find-nearest.js";
import { once } from "../../util/once.js";
import { CHANNEL_TYPE_DEFINITIONS, type ChannelType } from "../message/channel-types.js";
import { checkDocument } from "../schema/check-document.js";
import { optional } from "../schema/fields.js";
import { type ReportFinding, reportBelow } from "../shape/report-finding.js";
import { getProviderCatalog, type ProviderDefinition, settingNames } from "./provider-catalog.js";

/** What the chat providers' own lists answer in `knock dev`: they are asked of no provider there (A-261, A-263, A-265). */
const declaredRowSchemas = once(() => {
  const text = optional(z.string());
  const flag = optional(z.boolean());
  return {
    slack_channels: z.array(
      z.object({ id: z.string(), name: z.string(), context_team_id: text, is_im: flag, is_private: flag }),
    ),
    ms_teams_teams: z.array(z.object({ id: z.string(), displayName: z.string(), description: text })),
    ms_teams_channels: z.array(z.object({ id: z.string(), displayName: z.string(), description: text })),
  };
});
const DECLARED_ROW_SETTINGS = ["slack_channels", "ms_teams_teams", "ms_teams_channels"] as const;

/** Also finds a name that the setting is only a part of: `channels` is meant to be `slack_channels`. */
function findNearestSetting(name: string, known: readonly string[]): string | undefined {
  return (
    findNearest(name, known) ?? known.find((setting) => setting.split("_").length > 1 && setting.endsWith(`_${name}`))
  );
}

/**
 * Complains about settings that neither the provider nor a channel of the type has. `vendor` is null where none is named: then
 * the settings of every provider of the type are known. Those of a provider outside the catalogue cannot be judged.
 */
export function checkSettingNames(
  type: ChannelType,
  settings: Readonly<Record<string, unknown>>,
  vendor: ProviderDefinition | null,
  report: ReportFinding,
): void {
  const common = [...CHANNEL_TYPE_DEFINITIONS[type].overrides, ...(CHANNEL_TYPE_DEFINITIONS[type].settings ?? [])];
  if (Object.keys(settings).every((name) => common.includes(name))) return; // the catalogue is not made for these
  const vendors = vendor === null ? getProviderCatalog().filter((candidate) => candidate.type === type) : [vendor];
  const known = [...new Set([...common, ...vendors.flatMap((definition) => [...settingNames(definition).keys()])])];
  for (const name of Object.keys(settings)) {
    if (known.includes(name)) continue;
    const near = findNearestSetting(name, known);
    const owner = vendor === null ? `a channel of type ${type}` : vendor.names[0];
    report([name], `is not a known setting of ${owner}${near === undefined ? "" : `; did you mean "${near}"?`}`);
  }
}

/** Complains about rows of the chat providers' lists that break the API description (A-540, A-542, A-543). */
export function checkDeclaredRows(settings: Readonly<Record<string, unknown>>, report: ReportFinding): void {
  for (const name of DECLARED_ROW_SETTINGS)
    if (settings[name] !== undefined && settings[name] !== null)
      checkDocument(declaredRowSchemas()[name], settings[name], reportBelow(report, name));
}
