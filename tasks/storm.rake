# frozen_string_literal: true

require_relative "support/numbers"

namespace :storm do
  desc "Fork 10 000 times with the reporter at work (FORKS=n for another number)"
  task fork: :compile do
    ruby "-Ilib", "-r", "heap_periscope_agent", "-r", "./spec/support/fork_storm",
         "-e", "ForkStorm.new(#{Numbers.of(FORKS: 10_000).first}).call; puts 'every child came back'"
  end

  desc "Send threads 10 000 interrupts of each kind with everything on, none may be lost (COUNT=n, WAY=raise|timeout|kill for one kind)"
  task interrupts: :compile do
    count, = Numbers.of(COUNT: 10_000)
    ENV.fetch("WAY", "raise timeout kill").split.each do |way|
      sh({ "RUBY_THREAD_TIMESLICE" => "1" }, RbConfig.ruby, "-Ilib", "-r", "heap_periscope_agent", "-e", <<~CODE)
        require "./spec/support/interrupt_storm"
        lost = InterruptStorm.new("#{way}", #{count}).call { |sent, lost| warn "\#{sent} sent, \#{lost} lost" }
        puts "#{RUBY_VERSION}, #{way}: #{count} sent, \#{lost} lost"
        exit!(lost.zero?)
      CODE
    end
  end
end
