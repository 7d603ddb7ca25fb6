# frozen_string_literal: true

# WEB_CONCURRENCY workers (0: one process), loaded before the fork unless PRELOAD=0; FORK_WORKER=1 forks
# further workers from worker 0.
port ENV.fetch("PORT", 3000), ENV.fetch("HOST", "127.0.0.1")
workers Integer(ENV.fetch("WEB_CONCURRENCY", 2))
threads 3, 3
preload_app! ENV.fetch("PRELOAD", "1") == "1"
fork_worker if ENV["FORK_WORKER"] == "1"
pidfile ENV["PIDFILE"] if ENV["PIDFILE"]
silence_single_worker_warning
