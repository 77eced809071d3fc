import { vendorOf } from "../domain/provider-catalogue.js";
import type { Providers } from "../providers/open-provider.js";
import type { EnvironmentVariables } from "./credentials.js";

/** Providers that are loaded when the first message goes out: a start whose channels are sandboxed reads none of them. */
export function realDelivery(variables: EnvironmentVariables): Providers {
  let opened: Promise<Providers> | undefined;
  return {
    providerFor(channel) {
      if (vendorOf(channel.type, channel.provider) === null) return null;
      return {
        async send(message, _channel, stored, record) {
          opened ??= import("../providers/open-provider.js").then(({ openProviders }) => openProviders({ variables }));
          const provider = (await opened).providerFor(channel);
          if (provider) return provider.send(message, channel, stored, record);
          return { status: "failed", retryable: false, reason: `nothing here delivers for channel "${channel.key}"` };
        },
      };
    },
    async close() {
      if (opened) await (await opened).close();
    },
  };
}
