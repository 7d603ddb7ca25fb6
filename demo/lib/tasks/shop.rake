# frozen_string_literal: true

namespace :shop do
  desc "Place COUNT orders (default 100)"
  task :seed, [:count] => :environment do |_task, args|
    Integer(args.fetch(:count, 100)).times { |n| Order.place!(customer: "Customer #{n}") }
  end

  desc "Print the revenue by state, after seeding"
  task :nightly, [:count] => :seed do |_task, args|
    puts "seeded #{args.fetch(:count, 100)}"
    Order.includes(:line_items).group_by(&:state).each { |state, orders| puts "#{state}: #{orders.sum(&:total_cents)}" }
  end

  desc "A short task that does not load the app"
  task :ping do
    puts "pong"
  end

  desc "A task that fails"
  task fail: :environment do
    raise "this task always fails"
  end

  desc "A task that leaves with status 3"
  task :quit do
    exit 3
  end
end
