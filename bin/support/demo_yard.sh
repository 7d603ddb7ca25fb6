# shellcheck shell=bash disable=SC2154
# bin/demo yard: a program that knows nothing of the agent. Its own output goes to the log.

start_programs() {
  export HEAP_PERISCOPE_INTERVAL=3 HEAP_PERISCOPE_ENABLE_DETAILED_OBJECTS=true HEAP_PERISCOPE_SERVICE_NAME=YARD
  # Longer census slices than an answering server would want: YARD answers nobody.
  export HEAP_PERISCOPE_CENSUS_SLICE_MS=5
  echo "YARD documents Ruby's standard library under the agent (its output: $log)." >&2
  start bundle exec exe/heap_periscope run -- yard doc --no-progress --no-save --output-dir "$folder/doc" \
    "$(ruby -rrbconfig -e 'print RbConfig::CONFIG["rubylibdir"]')/**/*.rb"
}
