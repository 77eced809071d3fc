import { createDeliveryGuard } from "../context/guard-deliveries.js";
import { createProjectGuard } from "../context/project-guard.js";
import { openProjectEmulator } from "../features/dev/open-project-emulator.js";
import { openProject } from "../project/open-project.js";
import type { KnockDev, KnockDevOptions } from "./emulator-types.js";
import { locateProject } from "./locate-project.js";
import { openScene, SceneClient } from "./scene-client.js";
import { withHints } from "./show-hints.js";
import { createSilentIO, openSilentOutput } from "./silent-io.js";

/** A local API in this process. The methods of its client use the scene of this worker. */
class EmbeddedKnockDev extends SceneClient implements KnockDev {
  constructor(
    scene: SceneClient,
    readonly port: number,
    private readonly serverUrl: string,
    private readonly serverKey: string | undefined,
    stop: () => Promise<void>,
  ) {
    super(scene.url, serverKey, stop);
  }

  openScene(): Promise<SceneClient> {
    return openScene(this.serverUrl, this.serverKey);
  }
}

/** Starts a local API with a store in memory, and opens a scene on it. */
export const openKnockDev = (options: KnockDevOptions): Promise<KnockDev> => withHints(() => startServer(options));

async function startServer(options: KnockDevOptions): Promise<KnockDev> {
  const { port = 0, onLog = () => {} } = options;
  const io = createSilentIO();
  const project = openProject(await locateProject(options), io.cwd);
  const { allow, redirect = null } = project.settings.recipients ?? {};
  const guards = allow === undefined ? [] : [createProjectGuard(allow, "knock.json")];
  const flags = {
    host: "127.0.0.1",
    allowedHosts: [],
    port,
    rateLimits: false,
    strict: false,
    logsRequests: false,
    readyFile: null,
    guardDeliveries: createDeliveryGuard(redirect, guards),
  };
  const emulator = await openProjectEmulator(project, ":memory:", flags, io, await openSilentOutput(onLog));
  try {
    const apiKey = emulator.keys?.find((key) => key.startsWith("sk_"));
    const scene = await openScene(emulator.url, apiKey);
    let closing: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      closing ??= emulator.close();
      return closing;
    };
    return new EmbeddedKnockDev(scene, emulator.port, emulator.url, apiKey, stop);
  } catch (error) {
    await emulator.close();
    throw error;
  }
}
