# frozen_string_literal: true

# A way to leak memory that can be switched on and off while the app runs. The switch is a file, because every
# worker process must see it; what was leaked stays until its process ends.
class Leak
  KINDS = %w[class_array object_cache request_closure subscriber thread_local interned].freeze

  class << self
    def all
      @all ||= KINDS.map { |kind| "#{kind.camelize}Leak".constantize.new(kind) }
    end

    # @return [Leak, nil] nil for a kind that does not exist
    def find(kind)
      all.find { |leak| leak.kind == kind }
    end
  end

  attr_reader :kind

  def initialize(kind)
    @kind = kind
  end

  def on?
    file.exist?
  end

  def turn_on
    file.dirname.mkpath
    FileUtils.touch(file)
  end

  def turn_off
    file.delete if on?
  end

  private

  def file
    Demo.scratch.join("leaks", kind)
  end
end
