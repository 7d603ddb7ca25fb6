# shellcheck shell=bash
# Sourced by bin/setup and bin/with-ruby: which Debian packages each need takes, and how the missing ones get installed.

declare -A hp_packages=(
  # Debian's default Ruby; asked for only where there is no Ruby >= 3.1 or it has no headers.
  [ruby]="ruby ruby-dev"
  # This extension and the gems that have no precompiled release (psych, bigdecimal, puma, …)
  [build]="gcc g++ libc6-dev make pkg-config git ca-certificates libyajl-dev libyaml-dev zlib1g-dev"
  # The real services, browser and tools that the specs and the lint drive (go: its pprof); none of them is started here.
  [test]="redis-server postgresql chromium valgrind clang-format procps binutils golang-go"
  # Fetches the scripts of others that the dashboard serves; asked for only where there is no npm.
  [npm]="npm"
  # bin/with-ruby
  [with-ruby]="debootstrap"
)
hp_homebrew_packages="ruby yajl libyaml pkgconf redis postgresql valgrind clang-format go"

hp_say() { printf '%s\n' "$*" >&2; }

# Prints those of the named packages that are not installed.
hp_missing_packages() {
  local package status
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || true
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

# Installs what is missing for the named needs, or says what to install and returns 1.
hp_install_needs() {
  local need wanted=() missing as_root=()
  for need in "$@"; do read -ra wanted <<<"${wanted[*]:-} ${hp_packages[$need]}"; done

  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    hp_explain_without_apt
    return
  fi
  missing=$(hp_missing_packages "${wanted[@]}")
  [ -n "$missing" ] || return 0

  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      hp_say "These packages are missing, and this user may not install them. Please run, as root:"
      hp_say "  apt-get update && apt-get install --no-install-recommends $missing"
      return 1
    fi
  fi
  hp_say "== packages: installing $missing"
  # shellcheck disable=SC2086
  hp_apt_install $missing
}

# Nothing installed is upgraded but what a missing package cannot do without, and never Ruby.
hp_apt_install() {
  local log status=0
  log=$(mktemp)
  {
    "${as_root[@]}" apt-get update && hp_refuse_ruby_upgrade "$@" && hp_without_service_starts \
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-upgrade "$@"
  } >"$log" 2>&1 </dev/null || status=$?
  [ "$status" = 0 ] || { tail -n 20 "$log" >&2; hp_say "apt-get could not install: $*"; }
  rm -f "$log"
  return "$status"
}

hp_refuse_ruby_upgrade() {
  local upgrade
  upgrade=$(apt-get -s install --no-install-recommends --no-upgrade "$@" | grep -E '^Inst (lib)?ruby[0-9.]+ \[' || true)
  [ -z "$upgrade" ] || { echo "this would change the installed Ruby, so it is left to you: $upgrade"; return 1; }
}

# Debian starts a service when its package is installed; policy-rc.d is its switch for that.
hp_without_service_starts() {
  local policy=/usr/sbin/policy-rc.d status=0 ours=""
  if [ ! -e "$policy" ]; then
    ours=1
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod +x "$policy"
  fi
  "$@" || status=$?
  [ -z "$ours" ] || "${as_root[@]}" rm -f "$policy"
  return "$status"
}

# Without apt nothing is installed for the user; the tools that the build cannot do without are looked for.
hp_explain_without_apt() {
  local tool absent=""
  for tool in cc make git; do command -v "$tool" >/dev/null || absent+=" $tool"; done
  if [ -z "$absent" ] && hp_use_ruby; then return 0; fi
  hp_say "This system has no apt-get. Please install Ruby >= 3.1 with its headers, a C compiler, make, git and yajl."
  hp_say "With Homebrew: brew install $hp_homebrew_packages"
  return 1
}
