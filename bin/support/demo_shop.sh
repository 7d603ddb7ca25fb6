# shellcheck shell=bash disable=SC2034,SC2154
# bin/demo shop: the app in demo/ under Puma with the dashboard mounted, its jobs in Sidekiq where there is a Redis, and
# visitors who make it leak.

leaks=class_array,object_cache,subscriber

redis_port=""
find_redis() {
  if ! command -v redis-server >/dev/null; then
    echo "There is no redis-server here: jobs run inside the web processes." >&2
    return
  fi
  redis_port=$(free_port TCPServer)
  export REDIS_URL=redis://127.0.0.1:$redis_port/0
}

start_redis() {
  [ -n "$redis_port" ] || return 0
  start redis-server --port "$redis_port" --bind 127.0.0.1 --save "" --appendonly no --dir "$folder"
}

# A port counts as taken when somebody listens on it on any address: a browser may try any that localhost has.
is_taken() { (: <"/dev/tcp/localhost/$1") 2>/dev/null; }

find_web_port() {
  if [ -n "$web_port" ]; then
    ! is_taken "$web_port" || { echo "bin/demo: port $web_port is taken." >&2; exit 1; }
  elif is_taken 3000; then
    web_port=$(free_port TCPServer)
    echo "Port 3000 is taken; the shop takes $web_port." >&2
  else
    web_port=3000
  fi
}

in_shop() { cd demo && exec bundle exec "$@"; }

wait_for_shop() {
  local n
  for n in $(seq 300); do
    ruby -rnet/http -e 'exit Net::HTTP.get_response(URI(ARGV[0])).code == "200"' "$1/up" 2>/dev/null && return
    kill -0 "${programs[0]}" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 20 "$log" >&2
  echo "bin/demo: the shop did not come up; its log is $log" >&2
  exit 1
}

start_programs() {
  local url
  find_web_port
  url=http://localhost:$web_port
  dashboard=$url/heap_periscope
  source=(--url "$dashboard")
  # Who looks at a demo does not wait minutes for each name's turn at the census.
  export DEMO_SCRATCH=$folder DEMO_INTERVAL=3 DEMO_CENSUS_BUDGET=0.05 PORT=$web_port
  (HEAP_PERISCOPE_ENABLED=false in_shop ruby bin/rails db:schema:load) >>"$log" 2>&1
  find_redis
  start in_shop ruby bin/rails server -p "$web_port" -P "$folder/server.pid"
  start_redis
  wait_for_shop "$url"
  [ -z "${REDIS_URL:-}" ] || start in_shop sidekiq
  start in_shop ruby load.rb --url "$url" --rate 20 --seconds 86400 --leaks "$leaks"
  echo "A shop that leaks ($leaks) is open at $url; process ${programs[0]}, output in $log." >&2
  echo "The dashboard: $dashboard" >&2
}
