import type { Channel } from "../domain/environment/environment.js";
import type { Provider } from "../ports/provider.js";

/** Accepts every message and sends nothing. */
const ACCEPTING_PROVIDER: Provider = { send: async () => ({ status: "sent" }) };

/** Returns providers that accept every message and send nothing, for the channels that have a provider. */
export function acceptMessages(
  findProvider: (channel: Channel) => Provider | null,
): (channel: Channel) => Provider | null {
  return (channel) => (findProvider(channel) === null ? null : ACCEPTING_PROVIDER);
}
