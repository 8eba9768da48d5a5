/**
 * Runs a real Kamailio on 127.0.0.2: a presence server that demands a password, and a proxy that publishes the calls it carries.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilAnswered } from "./hintd.ts";
import { Lines, within } from "./lines.ts";
import { freePort } from "./ports.ts";

/** Where it listens; requests of its own come from there. */
export const KAMAILIO_HOST = "127.0.0.2";

/** Who may publish at it. */
export const KAMAILIO_AUTH = { username: "hintd", password: "kamailio-secret" };

/** Debian puts it where the PATH of an ordinary user may not lead. */
const BINARY = "/usr/sbin/kamailio";

/** Where its modules are. */
const MODULES = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/kamailio/modules/`;

/** The tables, empty, of the package that reads them from files. */
const TABLES = "/usr/share/kamailio/dbtext/kamailio";

/** How this Kamailio differs from others. */
export type KamailioOptions = {
  /** Its own port; a free one unless told. */
  port?: number;
  /** Port on 127.0.0.1 that its own PUBLISHs go to. */
  hintd?: number;
  /** Port on 127.0.0.1 that every call goes to. */
  callee?: number;
  /** Bounds of the lifetime of a publication, in seconds; what is less than the first is answered with 423. */
  minExpires?: number;
  maxExpires?: number;
};

function configOf(port: number, directory: string, options: KamailioOptions): string {
  const { hintd = port, callee = port, minExpires = 0, maxExpires = 3_600 } = options;
  const modules = [
    ...["db_text", "tm", "sl", "rr", "pv", "xlog", "textops", "siputils", "auth", "xhttp", "jsonrpcs", "dialog"],
    ...["presence", "presence_xml", "presence_dialoginfo", "pua", "pua_rpc", "pua_dialoginfo"],
  ];
  return `#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
disable_core_dump=yes
auto_aliases=no
tcp_accept_no_cl=yes
mpath="${MODULES}"
listen=udp:${KAMAILIO_HOST}:${port}
listen=tcp:${KAMAILIO_HOST}:${port}
${modules.map((name) => `loadmodule "${name}.so"`).join("\n")}
modparam("jsonrpcs", "transport", 1)
modparam("presence|presence_xml|pua", "db_url", "text://${join(directory, "tables")}")
modparam("presence", "server_address", "sip:${KAMAILIO_HOST}:${port}")
modparam("presence", "subs_db_mode", 0)
modparam("presence", "max_expires", ${maxExpires})
modparam("presence_xml", "force_active", 1)
modparam("pua", "db_mode", 0)
modparam("pua", "outbound_proxy", "sip:127.0.0.1:${hintd}")
modparam("pua_dialoginfo", "include_callid", 1)
modparam("pua_dialoginfo", "include_tags", 1)
modparam("pua_dialoginfo", "include_localremote", 1)
modparam("dialog", "db_mode", 0)

request_route {
  if (has_totag()) {
    if (loose_route()) t_relay();
    else if (is_method("SUBSCRIBE")) route(SUBSCRIBE);
    else if (is_method("ACK") && t_check_trans()) t_relay();
    exit;
  }
  switch ($rm) {
    case "OPTIONS":
      sl_send_reply("200", "OK");
      break;
    case "PUBLISH":
      route(PUBLISH);
      break;
    case "SUBSCRIBE":
      route(SUBSCRIBE);
      break;
    case "INVITE":
      record_route();
      dlg_manage();
      $du = "sip:127.0.0.1:${callee}";
      t_relay();
      break;
    default:
      sl_send_reply("405", "Method Not Allowed");
  }
}

route[PUBLISH] {
  if (!pv_www_authenticate("kamailio", "${KAMAILIO_AUTH.password}", "0") || $au != "${KAMAILIO_AUTH.username}") {
    xlog("L_NOTICE", "challenged $rU\\n");
    www_challenge("kamailio", "1");
    exit;
  }
  if ($hdr(Expires) != "0" && $(hdr(Expires){s.int}) < ${minExpires}) {
    xlog("L_NOTICE", "too brief $rU: $hdr(Expires)\\n");
    append_to_reply("Min-Expires: ${minExpires}\\r\\n");
    sl_send_reply("423", "Interval Too Brief");
    exit;
  }
  if (!t_newtran()) exit;
  xlog("L_NOTICE", "PUBLISH $hdr(Event) $rU by $proto: tag=$hdr(SIP-If-Match) expires=$hdr(Expires) bytes=$cl\\n");
  handle_publish();
  exit;
}

route[SUBSCRIBE] {
  if (t_newtran()) handle_subscribe();
  exit;
}

event_route[xhttp:request] {
  jsonrpc_dispatch();
}
`;
}

/** A Kamailio that may be ended and started again; it forgets everything meanwhile. */
export class Kamailio {
  readonly lines = new Lines();
  readonly #directory: string;
  #process: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

  constructor(readonly port: number, directory: string) {
    this.#directory = directory;
  }

  /** Starts the process and returns once it answers an OPTIONS. */
  async start(): Promise<void> {
    const tables = join(this.#directory, "tables");
    rmSync(tables, { recursive: true, force: true });
    cpSync(TABLES, tables, { recursive: true });
    const from = this.lines.all.length;
    const child = Bun.spawn(
      [BINARY, "-f", join(this.#directory, "kamailio.cfg"), "-w", this.#directory, "-DD", "-E", "-m", "32", "-M", "8"],
      { cwd: this.#directory, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
    );
    this.#process = child;
    void this.lines.read(child.stderr);
    await Promise.race([
      untilAnswered(this.port, { server: KAMAILIO_HOST }),
      child.exited.then((code) => {
        throw new Error(`Kamailio ended with ${code}:\n${this.lines.all.slice(from).join("\n")}`);
      }),
    ]);
  }

  /** Calls a procedure of its management interface; throws what it answers instead of a result. */
  async call(method: string, params: readonly string[] = []): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(`http://${KAMAILIO_HOST}:${this.port}/RPC`, { method: "POST", body });
    const { result, error } = await response.json() as { result?: unknown; error?: { message: string } };
    if (error !== undefined) throw new Error(`${method}: ${error.message}\n${this.lines.all.slice(-20).join("\n")}`);
    return result;
  }

  /** Ends it, and all of its children with it. */
  async end(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    child.kill("SIGTERM");
    await within(child.exited, () => `Kamailio to end\n${this.lines.text}`);
  }

  /** Ends it and removes what it left. */
  async dispose(): Promise<void> {
    await this.end();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Starts a Kamailio; whoever starts it disposes of it. */
export async function startKamailio(options: KamailioOptions = {}): Promise<Kamailio> {
  const directory = mkdtempSync(join(tmpdir(), "kamailio-"));
  const port = options.port ?? await freePort(KAMAILIO_HOST);
  writeFileSync(join(directory, "kamailio.cfg"), configOf(port, directory, options));
  const kamailio = new Kamailio(port, directory);
  try {
    await kamailio.start();
  } catch (error) {
    await kamailio.dispose().catch(() => {});
    throw error;
  }
  return kamailio;
}
