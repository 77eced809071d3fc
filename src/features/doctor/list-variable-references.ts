import type { Environment } from "../../domain/environment/environment.js";
import { parseVariableReference } from "../../domain/environment/secret-variables.js";

/** An environment variable that a file names, and the part of the file that needs it. */
interface VariableReference {
  name: string;
  owner: string;
}

/** Returns the environment variables that `environment.json` names. Channels that do not deliver do not need theirs. */
export function listVariableReferences({
  channels,
  secret_references,
  webhooks,
  access,
}: Environment): VariableReference[] {
  const written: [value: unknown, owner: string][] = Object.values(channels).flatMap((channel) =>
    channel?.deliver
      ? Object.entries(channel.settings).map(([name, value]): [unknown, string] => [
          value,
          `settings.${name} of channel "${channel.key}"`,
        ])
      : [],
  );
  written.push([access.signing_key, "access.signing_key"]);
  const references = written.flatMap(([value, owner]): VariableReference[] => {
    const name = parseVariableReference(value);
    return name === null ? [] : [{ name, owner }];
  });
  for (const [variable, name] of Object.entries(secret_references))
    references.push({ name, owner: `variables.${variable}` });
  for (const { signing_key, url } of webhooks)
    if (signing_key !== null) references.push({ name: signing_key, owner: `webhook ${url}` });
  return references;
}
