/**
 * Owns where the service of hintd lives on a machine.
 */

/** Where things are on a machine that runs hintd as a service. */
export const servicePaths = {
  binary: "/usr/local/bin/hintd",
  config: "/etc/hintd/config.toml",
  /** `server.data_dir`: the only directory that the service can write. */
  data: "/var/lib/hintd",
  unit: "/etc/systemd/system/hintd.service",
  user: "/etc/sysusers.d/hintd.conf",
} as const;

/** User and group that the service runs as. */
export const serviceUser = "hintd";
