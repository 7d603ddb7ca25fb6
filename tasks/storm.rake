# frozen_string_literal: true

namespace :storm do
  desc "Fork 10 000 times with the reporter at work (FORKS=n for another number)"
  task fork: :compile do
    ruby "-Ilib", "-r", "heap_periscope_agent", "-r", "./spec/support/fork_storm",
         "-e", "ForkStorm.new(#{Integer(ENV.fetch("FORKS", "10000"))}).call; puts 'every child came back'"
  end
end
