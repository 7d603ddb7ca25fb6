# shellcheck shell=bash disable=SC2154
# Sourced by bin/with-ruby: which Debian suite has which Ruby, and how a folder with that suite is made.

declare -A hp_suites=([3.3]=trixie [3.4]=sid)

# URI of the host's first Debian source for the suite with the given ending ("" or "-security"), else Debian's own.
hp_host_mirror() {
  local codename uri=""
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -nE "s@^deb +(\[[^]]*\] +)?([^ ]+) +$codename$1 +main.*@\2@p" | head -n 1)
  [ -n "$uri" ] || uri=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
    awk -v suite="$codename$1" '/^URIs:/ {uri = $2} /^Suites:/ {for (i = 2; i <= NF; i++) if ($i == suite) {print uri; exit}}')
  [ "$(. /etc/os-release && echo "${ID:-}")" = debian ] && [ -n "$uri" ] || uri=http://deb.debian.org/debian$1
  echo "$uri"
}

# Writes where the folder's packages come from. The suite sid has no updates of its own; Ruby 3.4 is in experimental.
hp_write_sources() {
  local suite=$1 folder=$2 mirror=$3
  printf 'deb %s %s main\n' "$mirror" "$suite" >"$folder/etc/apt/sources.list"
  if [ "$suite" != sid ]; then
    printf 'deb %s %s main\n' "$mirror" "$suite-updates" "$(hp_host_mirror -security)" "$suite-security" \
      >>"$folder/etc/apt/sources.list"
    return
  fi
  printf 'deb %s experimental main\n' "$mirror" >>"$folder/etc/apt/sources.list"
  # These suites' lists are valid for days, and a mirror may be weeks old. Their signatures stay checked.
  echo 'Acquire::Check-Valid-Until "false";' >"$folder/etc/apt/apt.conf.d/old-lists"
}

# Debian's `ruby` is one version for the whole suite; another one comes under a name with its version.
hp_install_ruby() {
  local version=$1 folder=$2 tool
  {
    chroot "$folder" apt-get update &&
      chroot "$folder" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -t experimental \
        "ruby$version" "ruby$version-dev"
  } </dev/null || return 1
  for tool in ruby gem; do ln -sf "/usr/bin/$tool$version" "$folder/usr/local/bin/$tool"; done
}

hp_fill_folder() {
  local version=$1 folder=$2 suite=${hp_suites[$1]} mirror
  mirror=$(hp_host_mirror "")
  debootstrap --variant=minbase "$suite" "$folder" "$mirror" || return 1
  hp_write_sources "$suite" "$folder" "$mirror"
  # Services stay stopped, and what nobody reads here is not unpacked.
  printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"
  chmod +x "$folder/usr/sbin/policy-rc.d"
  printf 'force-unsafe-io\npath-exclude=/usr/share/man/*\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/locale/*\n' \
    >"$folder/etc/dpkg/dpkg.cfg.d/lean"
  mkdir -p "$folder/etc/ssl/certs"
  hp_copy_host_settings "$folder" || return 1
  [ "$suite" != sid ] || hp_install_ruby "$version" "$folder"
}

# How this machine reaches its package sources (proxy, credentials, certificates) may change from day to day.
hp_copy_host_settings() {
  local folder=$1
  cp /etc/resolv.conf /etc/hosts "$folder/etc/"
  { grep -ls Acquire /etc/apt/apt.conf /etc/apt/apt.conf.d/* || true; } | xargs -r cp -t "$folder/etc/apt/apt.conf.d/"
  cp -r /etc/apt/auth.conf /etc/apt/auth.conf.d "$folder/etc/apt/" 2>/dev/null || true
  [ ! -f "$certificates" ] || cp "$certificates" "$folder/etc/ssl/host-certificates.crt"
}

# Makes the folder whole or not at all.
hp_make_folder() {
  local version=$1 folder=$2 partial=$2.partial suite=${hp_suites[$1]} log
  log=$hp_cache/debootstrap-$suite.log
  hp_say "== Debian $suite for Ruby $version: making $folder (once, about a minute)"
  hp_install_needs with-ruby
  rm -rf "$partial"
  if ! hp_fill_folder "$version" "$partial" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    hp_say "bin/with-ruby: Debian $suite could not be installed; the log is $log"
    return 1
  fi
  mv "$partial" "$folder"
}
