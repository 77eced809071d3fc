import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import type { HandleHttpRequest, ServedEngine } from "../../ports/served-engine.js";

/** A part of an optional feature that `knock dev` serves. It is opened with the first request. */
export interface HttpService {
  path: `/${string}`;
  /** `host` is the address that the server listens on. */
  open(
    engine: ServedEngine,
    options: { flags: TargetFlags; host: string },
    context: CommandContext,
  ): Promise<HandleHttpRequest>;
}
