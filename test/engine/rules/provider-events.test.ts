import { describe, expect, it } from "vitest";
import type { Provider, ProviderEvent } from "../../../src/ports/provider.js";
import { engineCase } from "../../helpers/engine-case.js";
