import { once } from "../../../util/once.js";

interface WasmExports {
  memory: { grow(pages: number): number };
  __wbindgen_start(): void;
}

type InstanceClass = new (module: unknown, imports?: object) => { exports: WasmExports };

/** The module from which the WebAssembly of mrml imports its functions. Others load WebAssembly at the same time. */
const MRML_IMPORTS = "./mrml_wasm_bg.js";

/**
 * Loads mrml. `restart` creates its WebAssembly instance again. After the time limit or an overflow of its stack has ended a
 * call, the memory of an instance is in an undefined state. mrml keeps its only instance, so it gets an object whose
 * functions can be replaced.
 */
export const loadMrml = once(async () => {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Instance: InstanceClass } };
  const { Instance } = WebAssembly;
  let restart: (() => void) | undefined;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(_target, [module, imports = {}]: [unknown, object?]) {
      const instance = new Instance(module, imports);
      if (!Object.hasOwn(imports, MRML_IMPORTS)) return instance;
      const exports = { ...instance.exports };
      restart = () => {
        exports.memory.grow(0); // detaches the views of the old memory that mrml keeps
        Object.assign(exports, new Instance(module, imports).exports);
        exports.__wbindgen_start();
      };
      return { exports };
    },
  });
  try {
    const { Engine } = await import("mrml");
    if (restart === undefined) throw new Error("mrml creates its WebAssembly instance in a new way");
    return { Engine, restart };
  } finally {
    WebAssembly.Instance = Instance;
  }
});
