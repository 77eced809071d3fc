import * as z from "zod/mini";
import { described } from "../../../domain/schema/fields.js";
import { formatCount } from "../../../util/format-count.js";
import type { Tool } from "../tool.js";
import { choiceField, countField, flagField, textField } from "./fields.js";

export const faultsAndReset: Tool = {
  name: "faults_and_reset",
  title: "Inject failures, or reset",
  description:
    "Make deliveries of a channel fail to test retries, list or clear these faults, or reset: delete all local runs, messages and recipients, load the recipients files again and return the clock to real time.",
  input: () => ({
    action: choiceField(["add", "list", "clear", "reset"], "add needs channel, and status or error."),
    channel: textField("A channel's key or type."),
    status: z.optional(described(z.int(), "The provider's status code, such as 503.")),
    error: z.optional(choiceField(["timeout", "connection", "malformed", "bounced"], "An error without a status.")),
    times: countField("How many deliveries fail (default: 1).", 1_000_000),
    rate: z.optional(described(z.number(), "The share of deliveries that fail, up to 1.")),
    keep_recipients: flagField("reset: keep recipients and preferences."),
  }),
  documents: [],
  effect: "destroy",
  async run({ action, keep_recipients, ...fault }, { host }) {
    if (action === "reset") {
      await host.reset({ recipients: keep_recipients === true });
      host.faults.clear();
      return { text: "The local store is as if it was just created. All faults are cleared." };
    }
    if (action === "clear") return { text: `${formatCount(host.faults.clear(), "fault")} cleared` };
    if (action === "add") await host.faults.add(fault);
    const faults = host.faults.list();
    return { text: faults.length === 0 ? "no faults" : faults.map((found) => JSON.stringify(found)).join("\n") };
  },
};
