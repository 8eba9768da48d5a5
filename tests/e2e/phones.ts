/** Runs phones that nobody here wrote, without sound or screen, each in a directory of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lines, within } from "./lines.ts";
import { freePort } from "./ports.ts";

/** Who a phone is, and whom it watches. */
export type PhoneOptions = {
  /** Port of the server on loopback. */
  server: number;
  user: string;
  password: string;
  /** Extension of its one buddy. */
  buddy: string;
  transport?: "udp" | "tcp";
  /** linphone asks for its buddies as one list, which it brings along. */
  isList?: boolean;
  /** It registers. */
  isRegistering?: boolean;
  /** baresip registers, asks for its messages, and prints what it is told of them behind "----- MWI for …". */
  hasMessages?: boolean;
};

/** A phone that runs: what it says; how its owner turns it off; and how to end it. */
export type Phone = { lines: Lines; quit: () => Promise<void>; dispose: () => Promise<void> };

function startPhone(command: readonly string[], directory: string): Phone {
  const lines = new Lines();
  const phone = Bun.spawn([...command], {
    cwd: directory,
    env: { ...process.env, HOME: directory },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  void lines.read(phone.stdout);
  void lines.read(phone.stderr);
  return {
    lines,
    quit: async () => {
      phone.kill("SIGTERM");
      await within(phone.exited, () => `the phone to quit:\n${lines.all.slice(-20).join("\n")}`);
    },
    dispose: async () => {
      phone.kill("SIGKILL");
      await phone.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Starts baresip. It prints every SIP message, and "changed status from … to" Online, Busy or Offline when its buddy does;
 * not for the first NOTIFY.
 */
export async function startBaresip(options: PhoneOptions): Promise<Phone> {
  const { server, user, password, buddy, transport = "udp", isRegistering, hasMessages } = options;
  const directory = mkdtempSync(join(tmpdir(), "baresip-"));
  const uri = (name: string) => `<sip:${name}@127.0.0.1:${server};transport=${transport}>`;
  writeFileSync(
    join(directory, "config"),
    [
      "poll_method epoll",
      `sip_listen 127.0.0.1:${await freePort()}`,
      "module_path /usr/lib/baresip/modules",
      ...["account", "contact", "presence", "mwi", "menu"].map((name) => `module_app ${name}.so`),
      "",
    ].join("\n"),
  );
  const account = `${uri(user)};auth_user=${user};auth_pass=${password}`;
  const registration = isRegistering || hasMessages ? "regint=60" : "regint=0";
  writeFileSync(join(directory, "accounts"), `${account};${registration};mwi=${hasMessages ? "yes" : "no"}\n`);
  writeFileSync(join(directory, "contacts"), `"Buddy" ${uri(buddy)};presence=p2p\n`);
  return startPhone(["baresip", "-v", "-s", "-f", directory], directory);
}

/** Starts linphonec. It says "is Online", "is On the phone", "is Offline" of its buddy, at once and whenever that changes. */
export async function startLinphone(options: PhoneOptions): Promise<Phone> {
  const { server, user, password, buddy, transport = "udp" } = options;
  const directory = mkdtempSync(join(tmpdir(), "linphone-"));
  for (const name of [".local/share/linphone", ".config/linphone"]) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  const port = await freePort();
  writeFileSync(
    join(directory, "rc"),
    `
[sip]
sip_port=${transport === "udp" ? port : 0}
sip_tcp_port=${transport === "tcp" ? port : 0}
sip_tls_port=0
bind_address=127.0.0.1
use_ipv6=0
default_proxy=0
guess_hostname=0
publish_presence=0
subscribe_presence_only_when_registered=0
${options.isList ? `rls_uri=sip:rls@127.0.0.1:${server}\n\n[net]\nfriendlist_subscription_enabled=1` : ""}

[auth_info_0]
username=${user}
passwd=${password}
realm=hintd

[proxy_0]
reg_proxy=<sip:127.0.0.1:${server};transport=${transport}>
reg_route=<sip:127.0.0.1:${server};transport=${transport}>
reg_identity="${user}" <sip:${user}@127.0.0.1>
reg_sendregister=${options.isRegistering ? 1 : 0}
reg_expires=600
publish=0

[friend_0]
url="Buddy" <sip:${buddy}@127.0.0.1:${server}>
pol=accept
subscribe=1
`,
  );
  return startPhone(["linphonec", "-c", join(directory, "rc")], directory);
}
