# shellcheck shell=bash
# Sourced by the scripts in bin/: where the gems of this Ruby live, and which Gemfile it uses.
# Clones on one machine share the gems through the cache folder.

hp_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
hp_cache=${HEAP_PERISCOPE_CACHE:-$HOME/.cache/heap_periscope_agent}
hp_bundler_version=2.6.9
hp_rubygems_version=3.6.9

# Sets the environment for the `ruby` in PATH; returns 1 where there is none that is new enough.
hp_use_ruby() {
  unset BUNDLE_GEMFILE BUNDLE_PATH BUNDLER_VERSION BUNDLE_BIN_PATH BUNDLER_SETUP RUBYOPT RUBYLIB GEM_PATH
  hp_ruby_api=$(ruby --disable-gems -rrbconfig -e 'print RbConfig::CONFIG["ruby_version"] if RUBY_VERSION >= "3.1"' 2>/dev/null)
  [ -n "$hp_ruby_api" ] || return 1

  export GEM_HOME=$hp_cache/ruby-$hp_ruby_api
  export GEM_PATH=$GEM_HOME
  export PATH=$GEM_HOME/bin:$PATH
  # RubyGems before 3.6 passes over gems precompiled for x86_64-linux-gnu and builds them from source; RubyGems 4 warns
  # at every start under this Bundler. The one that suits is loaded from the cache; the Ruby installation is left as it is.
  local rubygems=$GEM_HOME/gems/rubygems-update-$hp_rubygems_version/lib
  if [ -d "$rubygems" ]; then export RUBYLIB=$rubygems; fi

  # The Rubies on which CI runs have locks of their own; another Ruby resolves the root Gemfile by itself.
  BUNDLE_GEMFILE=$hp_root/gemfiles/ruby-${hp_ruby_api%.*}.gemfile
  [ -f "$BUNDLE_GEMFILE" ] || BUNDLE_GEMFILE=$hp_root/Gemfile
  export BUNDLE_GEMFILE
}
