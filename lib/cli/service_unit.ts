/**
 * Owns the texts that systemd reads: the unit of hintd and its user.
 */
import type { Config } from "../config/config.ts";
import { splitBind } from "../config/options.ts";
import { servicePaths, serviceUser } from "./service_paths.ts";

/** The first port that needs no privilege. */
const FREE_PORT = 1_024;

/**
 * What the runtime asks its environment for before anything else runs.
 *
 * It gives freed memory back to the kernel within a tenth of a second, and a thread of it touches new memory ahead for every burst: to get
 * memory back page by page was a third of what a new subscription cost. So it looks every ten seconds instead for what it can give back,
 * and has no such thread. Compiled code that is a minute old it throws away whenever it looks through all memory: the next change was then
 * told by code that had to be compiled anew; so it keeps it. While it collects garbage it holds up everything for two fifths of the time
 * where the other processors are busy; a twentieth is enough.
 */
export const serviceEnvironment: readonly string[] = [
  "MIMALLOC_PURGE_HOLES_MIN_INTERVAL=10000",
  "BUN_JSC_useWarmUpMarkedBlocks=0",
  "BUN_JSC_forceCodeBlockLiveness=1",
  "BUN_JSC_maximumMutatorUtilization=0.95",
];

/** Makes the unit; `hasLowPort` allows it the ports below 1024. */
export function unitText({ hasLowPort }: { readonly hasLowPort: boolean }): string {
  const capabilities = hasLowPort
    ? "AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE"
    : "CapabilityBoundingSet=";
  return `# Made by \`hintd service install\`, which writes it again: put changes into a drop-in (systemctl edit hintd).
[Unit]
Description=SIP presence and busy-lamp fields
After=network-online.target
Wants=network-online.target
# A port that another program holds may be free later: never give up.
StartLimitIntervalSec=0

[Service]
Type=exec
User=${serviceUser}
Group=${serviceUser}
ExecStart=${servicePaths.binary} run --safe-mode -c ${servicePaths.config}
ExecReload=/bin/kill -HUP $MAINPID
# What is freed is kept for ten seconds, and compiled code for good: the next burst needs both again.
Environment=${serviceEnvironment.join(" ")}
Restart=on-failure
RestartSec=2
# 2 is a wrong configuration: it is as wrong the second time.
RestartPreventExitStatus=2

# It writes ${servicePaths.data} and nothing else.
StateDirectory=hintd
StateDirectoryMode=0700
UMask=0077
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes

# It needs sockets, and no privilege.
${capabilities}
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible

# Two phones per extension and the page fit well; a runaway is restarted before the appliance suffers.
MemoryMax=256M
LimitNOFILE=8192

[Install]
WantedBy=multi-user.target
`;
}

/** Makes the line by which systemd-sysusers makes the user. */
export function userText(): string {
  return `# Made by \`hintd service install\`.\nu ${serviceUser} - "SIP presence" ${servicePaths.data} -\n`;
}

/** Whether a configuration wants a port below 1024. */
export function hasLowPort({ listen, http }: Config): boolean {
  return [...listen.map((each) => each.bind), http.bind].some((bind) => {
    const port = splitBind(bind)?.port ?? FREE_PORT;
    return port > 0 && port < FREE_PORT;
  });
}

/** A configuration with `server.data_dir` where the service may write; all else stays as it is written. */
export function withServiceData(text: string): string {
  const line = `data_dir = "${servicePaths.data}"`;
  const head = /^[ \t]*\[[ \t]*server[ \t]*\][^\n]*\n?/m.exec(text);
  if (head === null) return `${text.trimEnd()}\n\n[server]\n${line}\n`;
  const start = head.index + head[0].length;
  const rest = text.slice(start);
  const end = /^[ \t]*\[/m.exec(rest)?.index ?? rest.length;
  const section = rest.slice(0, end);
  const written = [/^[ \t]*data_dir[ \t]*=[^\n]*/m, /^[ \t]*#[ \t]*data_dir[ \t]*=[^\n]*/m].find((each) =>
    each.test(section)
  );
  const changed = written === undefined ? `${line}\n${section}` : section.replace(written, line);
  const before = text.slice(0, start);
  return `${before.endsWith("\n") ? before : `${before}\n`}${changed}${rest.slice(end)}`;
}
