# frozen_string_literal: true

# The same shop under Unicorn: two workers, the app loaded before the fork.
listen "127.0.0.1:#{ENV.fetch("PORT", 3000)}"
worker_processes 2
preload_app true
