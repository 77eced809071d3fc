import type { Channel } from "../domain/environment/environment.js";
import { findProviderDefinition } from "../domain/environment/provider-catalog.js";
import type { Providers } from "../providers/open-providers.js";
import type { EnvironmentVariables } from "./credentials.js";

/**
 * Creates providers that are imported when the first message is sent, so that a start whose channels are all sandboxed
 * loads none of them. `beforeRequest` runs before each request.
 */
export function createLazyProviders(
  variables: EnvironmentVariables,
  beforeRequest: () => Promise<void>,
  privateAddresses: () => Promise<readonly string[]>,
  secretValues: () => Promise<readonly string[]>,
): Providers {
  let opened: Promise<Providers> | undefined;
  const findProvider = async (channel: Channel) => {
    await beforeRequest();
    opened ??= import("../providers/open-providers.js").then(({ openProviders }) =>
      openProviders({ variables, privateAddresses, secretValues }),
    );
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
