import type { IncomingMessage } from "node:http";
import { systemIds } from "../../../util/ids.js";
import type { EmulatorApp } from "./emulator-app.js";
import type { Scene, SceneManager, SceneParts } from "./emulator-options.js";
import { ApiError, createNotFoundError } from "./http/api-error.js";

/** Limits the number of scenes, because each one has its own store and worker. */
const MAX_SCENES = 64;
const SCENE_HEADER = "x-knock-scene";
const SCENE_PATH_PREFIX = "/scenes/";
/** A scene's own host name. The official browser client needs it because it drops the path of its host. */
const SCENE_HOST = /^([0-9a-f]{8}-[-0-9a-f]{27})\.localhost(?::\d+)?$/i;

interface OpenedScene {
  app: EmulatorApp;
  /** Closes the scene's store. */
  close(): Promise<void>;
}

/** Opens the app and store of a scene for requests below `url`. */
export type OpenScene = (url: string) => Promise<{ app: EmulatorApp; close: SceneParts["close"] }>;

/**
 * Isolated copies of the emulator in one process. Each scene has its own store in memory, clock and faults. A request
 * selects its scene with the path prefix of the scene's base URL, the header `X-Knock-Scene` or the host name
 * `<id>.localhost`. Other requests use the default scene.
 */
export class Scenes implements SceneManager {
  private readonly scenes = new Map<string, OpenedScene>();
  private openingCount = 0;

  constructor(
    private readonly url: string,
    private readonly mainApp: EmulatorApp,
    private readonly openScene: OpenScene | undefined,
  ) {}

  /** Starts a scene. Throws 422 if there are already 64, and 404 if scenes are not supported. */
  async open(): Promise<Scene> {
    if (this.openScene === undefined) throw createNotFoundError("This server has no scenes");
    if (this.scenes.size + this.openingCount >= MAX_SCENES)
      throw new ApiError(
        422,
        "too_many_scenes",
        `There are already ${MAX_SCENES} scenes; end one with DELETE /__knock/scenes/<id>`,
      );
    const id = systemIds.uuid();
    const base_url = `${this.url}${SCENE_PATH_PREFIX}${id}`;
    this.openingCount++;
    try {
      this.scenes.set(id, await this.openScene(base_url));
    } finally {
      this.openingCount--;
    }
    return { id, base_url };
  }

  list(): Scene[] {
    return [...this.scenes.keys()].map((id) => ({ id, base_url: `${this.url}${SCENE_PATH_PREFIX}${id}` }));
  }

  /** Ends a scene and deletes its data. Throws 404 for an unknown ID. */
  async end(id: string): Promise<void> {
    const scene = this.getScene(id);
    this.scenes.delete(id);
    await closeScene(scene);
  }

  /**
   * Returns the app of the scene that a request selects, and removes the scene's prefix from the request's URL. Throws
   * 404 for an unknown ID.
   */
  findApp(request: IncomingMessage): EmulatorApp {
    const url = request.url ?? "/";
    if (!url.startsWith(SCENE_PATH_PREFIX)) {
      const sceneId = request.headers[SCENE_HEADER] ?? SCENE_HOST.exec(request.headers.host ?? "")?.[1]?.toLowerCase();
      return sceneId === undefined ? this.mainApp : this.getScene(String(sceneId)).app;
    }
    const [id = ""] = url.slice(SCENE_PATH_PREFIX.length).split(/[/?#]/, 1);
    const { app } = this.getScene(id);
    const rest = url.slice(SCENE_PATH_PREFIX.length + id.length);
    request.url = rest.startsWith("/") ? rest : `/${rest}`;
    return app;
  }

  private getScene(id: string): OpenedScene {
    const scene = this.scenes.get(id);
    if (scene === undefined)
      throw createNotFoundError(
        `There is no scene ${JSON.stringify(id)}; POST /__knock/scenes starts one and returns its id`,
      );
    return scene;
  }

  /** Disconnects the streams and WebSockets of all scenes, before the server stops. */
  async disconnect(): Promise<void> {
    await Promise.all(
      [this.mainApp, ...[...this.scenes.values()].map(({ app }) => app)].map((app) => app.disconnect()),
    );
  }

  async close(): Promise<void> {
    await this.mainApp.finish();
    const scenes = [...this.scenes.values()];
    this.scenes.clear();
    await Promise.all(scenes.map(closeScene));
  }
}

async function closeScene({ app, close }: OpenedScene): Promise<void> {
  await app.disconnect();
  await app.finish();
  await close();
}
