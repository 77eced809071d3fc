import { createUuidV5 } from "../../util/ids.js";
import type { Message } from "../message/message.js";
import type { Workflow } from "../workflow/workflow.js";
import { type Guide, getGuideVersionId } from "./guide.js";

/** Names origins are derived in: the same one is found again. Never change it. */
const ORIGIN_NAMESPACE = "3f1d9a62-7c04-4f55-8a39-3c1f2c9d6a70";

/** What stands for a run where a guide's messages have none (E-196). Messages of one version and tenant share it. */
interface GuideOrigin {
  id: string;
  tenant: string | null;
  /** What stands for the guide where others have their workflow's version. */
  version: Workflow;
}

export function buildGuideOrigin(
  guide: Guide,
  { tenant, version_id }: Pick<Message, "tenant" | "version_id">,
): GuideOrigin {
  return {
    id: createUuidV5(ORIGIN_NAMESPACE, JSON.stringify([getGuideVersionId(guide), tenant])),
    tenant,
    version: {
      key: guide.key,
      version_id,
      active: true,
      name: guide.name,
      categories: [],
      conditions: null,
      trigger_frequency: "every_trigger",
      trigger_data_json_schema: null,
      settings: { is_commercial: false, override_preferences: false },
      trigger: null,
      steps: [],
    },
  };
}
