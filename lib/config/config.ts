/**
 * Owns the type of a validated configuration: keys as in config.toml, defaults applied.
 */
import type { z } from "zod";
import type { configSchema } from "./schema.ts";

/** The whole of config.toml; endpoints have `[defaults.endpoint]` merged in. */
export type Config = Omit<z.output<typeof configSchema>, "defaults">;
/** One `[endpoints.NAME]`. */
export type EndpointConfig = Config["endpoints"][string];
/** One `[aors.NAME]`. */
export type AorConfig = Config["aors"][string];
/** One `[[listen]]`; its name is never empty. */
export type ListenConfig = Config["listen"][number];
/** `[http]`. */
export type HttpConfig = Config["http"];
/** One `[contexts.NAME]`. */
export type ContextConfig = Config["contexts"][string];
