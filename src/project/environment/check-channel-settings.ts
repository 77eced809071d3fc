import * as z from "zod/mini";
import { type ReportFinding, reportBelow } from "../../domain/findings/report-finding.js";
import { CHANNEL_TYPE_DEFINITIONS, type ChannelType } from "../../domain/message/channel-types.js";
import { checkDocument } from "../../domain/schema/check-document.js";
import { optional } from "../../domain/schema/fields.js";
import { getProviderCatalog, mapSettingNames, type ProviderDefinition } from "../../providers/catalog.js";
import { findNearest } from "../../util/find-nearest.js";
import { once } from "../../util/once.js";

/**
 * The schemas of the teams and channels that `knock dev` lists, because it does not request them from chat providers
 * (A-261, A-263, A-265).
 */
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

/** Returns the nearest setting. It also finds a setting that ends with the name: `slack_channels` for `channels`. */
function findNearestSetting(name: string, known: readonly string[]): string | undefined {
  return (
    findNearest(name, known) ?? known.find((setting) => setting.split("_").length > 1 && setting.endsWith(`_${name}`))
  );
}

/**
 * Reports settings that neither the provider nor a channel of the type has. If `vendor` is null, the channel names no
 * provider, and the settings of all providers of the type are known. Do not call it for a provider outside the catalog,
 * whose settings are unknown.
 */
export function checkSettingNames(
  type: ChannelType,
  settings: Readonly<Record<string, unknown>>,
  vendor: ProviderDefinition | null,
  report: ReportFinding,
): void {
  const common = [...CHANNEL_TYPE_DEFINITIONS[type].overrides, ...(CHANNEL_TYPE_DEFINITIONS[type].settings ?? [])];
  if (Object.keys(settings).every((name) => common.includes(name))) return; // do not build the catalog for these
  const vendors = vendor === null ? getProviderCatalog().filter((candidate) => candidate.type === type) : [vendor];
  const known = [...new Set([...common, ...vendors.flatMap((definition) => [...mapSettingNames(definition).keys()])])];
  for (const name of Object.keys(settings)) {
    if (known.includes(name)) continue;
    const near = findNearestSetting(name, known);
    const owner = vendor === null ? `a channel of type ${type}` : vendor.names[0];
    report([name], `is not a known setting of ${owner}${near === undefined ? "" : `; did you mean "${near}"?`}`);
  }
}

/** Reports rows of the chat providers' lists that violate the API description (A-540, A-542, A-543). */
export function checkDeclaredRows(settings: Readonly<Record<string, unknown>>, report: ReportFinding): void {
  for (const name of DECLARED_ROW_SETTINGS)
    if (settings[name] !== undefined && settings[name] !== null)
      checkDocument(declaredRowSchemas()[name], settings[name], reportBelow(report, name));
}
