# frozen_string_literal: true

module HeapPeriscopeAgent
  # On Rubies where a hook on allocations or collections and a starting Ractor crash the VM together (before 3.1.4 and 3.2.3), ends
  # sampling and single GC pauses for good before the first Ractor starts.
  module RactorGuard
    # Hears of new Ractors.
    module Announcement
      def new(...)
        Native.note_ractor
        super
      end
    end

    # @return [void]
    def self.install
      return unless Native.sampling_fragile? && defined?(::Ractor)

      Native.note_ractor if ::Ractor.count > 1
      ::Ractor.singleton_class.prepend(Announcement) unless ::Ractor.singleton_class < Announcement
    end
  end
end
