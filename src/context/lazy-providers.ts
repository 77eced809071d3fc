import type { Channel } from "../domain/environment/environment.js";
import { findProviderDefinition } from "../domain/environment/provider-catalog.js";
import type { ProviderOptions, Providers } from "../providers/open-providers.js";

/**
 * Creates providers that are imported when the first message is sent, so that a start whose channels are all sandboxed
 * loads none of them. `beforeRequest` runs before each request.
 */
export function createLazyProviders(options: ProviderOptions, beforeRequest: () => Promise<void>): Providers {
  let opened: Promise<Providers> | undefined;
  const findProvider = async (channel: Channel) => {
    await beforeRequest();
    opened ??= import("../providers/open-providers.js").then(({ openProviders }) => openProviders(options));
    return (await opened).findProvider(channel);
  };
  return {
    findProvider(channel) {
      if (findProviderDefinition(channel.type, channel.provider) === null) return null;
      const reason = `no provider is configured for channel "${channel.key}"`;
      return {
        send: async (message, _channel, stored, record) =>
          (await (await findProvider(channel))?.send(message, channel, stored, record)) ?? {
            status: "failed",
            retryable: false,
            reason,
          },
        findUser: async (email, token) =>
          (await (await findProvider(channel))?.findUser?.(email, token, channel)) ?? null,
        check: async (message, _channel, record) =>
          (await (await findProvider(channel))?.check?.(message, channel, record)) ?? { status: "unknown", reason },
      };
    },
    async close() {
      if (opened) await (await opened).close();
    },
  };
}
