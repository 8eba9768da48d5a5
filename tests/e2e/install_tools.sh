#!/usr/bin/env bash
# Installs from Debian the programs that tests and benches meet hintd with; nothing is fetched when all are there.
# Run: bash tests/e2e/install_tools.sh [PROGRAM …]; all of them unless told.
set -uo pipefail

declare -A packages=(
  [sipp]=sip-tester [baresip]=baresip-core [linphonec]=linphone-cli [xmllint]=libxml2-utils [chromium]=chromium
  [kamailio]="kamailio kamailio-presence-modules" [tshark]=tshark
)
[ "$#" -gt 0 ] || set -- "${!packages[@]}"

missing=()
for tool in "$@"; do
  # Unquoted: a program may need more than one package.
  PATH="$PATH:/usr/sbin" command -v "$tool" >/dev/null || missing+=(${packages[$tool]})
done
[ "${#missing[@]}" -gt 0 ] || exit 0

sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
status=0
printf 'Installing %s\n' "${missing[*]}"
# Tests and benches start a Kamailio of their own; the service that comes with the package would take port 5060.
if [ -e "$policy" ]; then policy=""; else $sudo install -m 755 /dev/stdin "$policy" <<<$'#!/bin/sh\nexit 101'; fi
{ $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
  >"$log" 2>&1 || status=1
[ -z "$policy" ] || $sudo rm "$policy"
[ "$status" -eq 0 ] || cat "$log"
rm "$log"
exit "$status"
